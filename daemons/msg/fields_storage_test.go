package msg

import "fmt"

// storageBodyObject describes what mdss and OSDs send and get.
func storageBodyObject(b Body) object {
	switch b := b.(type) {
	case *MDSBeacon:
		return mdsBeaconObject(b)
	case *MDSMapMsg:
		return object{
			"fsid": b.FSID.String(), "epoch": b.Epoch, "mdsmap": mdsMapObject(&b.Map), "map_fs_name": b.FileSystemName,
		}
	case *FSMapMsg:
		return object{"epoch": b.Epoch, "fsmap": fsMapObject(&b.Map)}
	case *OSDBoot:
		return withPaxos(b.Paxos, object{
			"sb": superblockObject(&b.Superblock), "hb_back_addrs": addrObjects(b.HeartbeatBackAddrs),
			"cluster_addrs": addrObjects(b.ClusterAddrs), "boot_epoch": b.BootEpoch,
			"hb_front_addrs": addrObjects(b.HeartbeatFrontAddrs), "metadata": texts(b.Metadata), "osd_features": b.Features,
		})
	case *OSDAlive:
		return withPaxos(b.Paxos, object{"want": b.Want})
	case *OSDPing:
		return osdPingObject(b)
	case *OSDFailure:
		return withPaxos(b.Paxos, object{
			"fsid": b.FSID.String(), "target_osd": b.Target, "target_addrs": addrObjects(b.TargetAddrs),
			"epoch": b.Epoch, "flags": b.Flags, "failed_for": b.FailedFor,
		})
	case *OSDMap:
		return object{
			"fsid": b.FSID.String(), "incremental": pairs(b.Incremental, byteCount), "full": pairs(b.Full, byteCount),
			"oldest": b.Oldest, "newest": b.Newest,
			"gap_removed_snaps": pairs(b.GapRemovedSnaps, func(list []SnapInterval) any { return list }),
		}
	}
	return nil
}

func byteCount(b []byte) any { return len(b) }

func featureSetObject(s FeatureSet) object {
	return object{"mask": s.Mask, "names": pairs(s.Names, func(name string) any { return name })}
}

func compatObject(c CompatSet) object {
	return object{
		"compat": featureSetObject(c.Compat), "ro_compat": featureSetObject(c.ROCompat),
		"incompat": featureSetObject(c.Incompat),
	}
}

func mdsBeaconObject(b *MDSBeacon) object {
	o := withPaxos(b.Paxos, object{
		"fsid": b.FSID.String(), "gid": b.GID, "state": b.State, "seq": b.Seq, "name": b.Name,
		"standby_for_rank": -1, "standby_for_name": "", "compat": compatObject(b.Compat),
		"health": each(b.Health, func(h MDSHealthMetric) any {
			return object{"type": h.Type, "sev": h.Severity, "message": h.Message, "metadata": texts(h.Metadata)}
		}),
		"mds_features": b.Features, "standby_for_fscid": -1, "standby_replay": false, "fs": b.FileSystem,
	})
	if b.State == MDSBoot {
		o["sys_info"] = texts(b.SysInfo)
	}
	return o
}

func mdsInfoObject(i MDSInfo) any {
	return object{
		"gid": i.GID, "name": i.Name, "rank": i.Rank, "inc": i.Incarnation, "state": i.State, "state_seq": i.StateSeq,
		"addrs": addrObjects(i.Addrs), "laggy_since": i.LaggySince.String(),
		"standby_for_rank": -1, "standby_for_name": "", "export_targets": numbers(i.ExportTargets),
		"features": i.Features, "join_fscid": i.JoinFileSystem, "standby_replay": false, "flags": i.Flags,
		"compat": compatObject(i.Compat),
	}
}

func mdsMapObject(m *MDSMap) object {
	return object{
		"epoch": m.Epoch, "flags": m.Flags, "last_failure": m.LastFailure, "root": m.Root,
		"session_timeout": m.SessionTimeout, "session_autoclose": m.SessionAutoclose,
		"max_file_size": m.MaxFileSize, "max_mds": m.MaxMDS, "info": pairs(m.Info, mdsInfoObject),
		"data_pools": numbers(m.DataPools), "cas_pool": -1, "ev": 16, "compat": compatObject(m.Compat),
		"metadata_pool": m.MetadataPool, "created": m.Created.String(), "modified": m.Modified.String(),
		"tableserver": m.TableServer, "in": numbers(m.In), "inc": pairs(m.Inc, func(n int32) any { return n }),
		"up": pairs(m.Up, func(gid uint64) any { return gid }), "failed": numbers(m.Failed),
		"stopped": numbers(m.Stopped), "last_failure_osd_epoch": m.LastFailureOSDEpoch,
		"ever_allowed_features": m.EverAllowedFeatures, "explicitly_allowed_features": m.ExplicitlyAllowedFeatures,
		"inline_data_enabled": m.InlineData, "enabled": m.Enabled, "fs_name": m.Name, "damaged": numbers(m.Damaged),
		"balancer": m.Balancer, "standby_count_wanted": m.StandbyCountWanted, "old_max_mds": m.OldMaxMDS,
		"min_compat_client": m.MinCompatClient, "required_client_features": hexText(m.RequiredClientFeatures),
	}
}

func fsMapObject(m *FSMap) object {
	return object{
		"epoch": m.Epoch, "next_filesystem_id": m.NextFileSystemID, "legacy_client_fscid": m.LegacyFileSystem,
		"default_compat": compatObject(m.DefaultCompat), "enable_multiple": m.EnableMultiple,
		"filesystems": each(m.FileSystems, func(f FileSystem) any {
			return object{
				"fscid": f.ID, "mdsmap": mdsMapObject(&f.Map),
				"mirror_info": object{"mirrored": f.Mirrored, "rest": map[int]string{0: "00000000"}[len(f.MirrorPeers)]},
			}
		}),
		"mds_roles":             pairs(m.Roles, func(id int32) any { return id }),
		"standby_daemons":       pairs(m.Standbys, mdsInfoObject),
		"standby_epochs":        pairs(m.StandbyEpochs, func(epoch uint32) any { return epoch }),
		"ever_enabled_multiple": m.EverEnabledMultiple,
	}
}

func superblockObject(s *OSDSuperblock) object {
	return object{
		"cluster_fsid": s.ClusterFSID.String(), "whoami": s.ID, "current_epoch": s.CurrentEpoch,
		"oldest_map": s.OldestMap, "newest_map": s.NewestMap, "weight": s.Weight, "compat": compatObject(s.Compat),
		"clean_thru": s.CleanThru, "mounted": s.Mounted, "osd_fsid": s.OSDFSID.String(),
		"last_map_marked_full":            s.LastMapMarkedFull,
		"pool_last_map_marked_full":       pairs(s.PoolLastMapMarkedFull, func(epoch uint32) any { return epoch }),
		"purged_snaps_last":               s.PurgedSnapsLast,
		"last_purged_snaps_scrub":         s.LastPurgedSnapsScrub.String(),
		"cluster_osdmap_trim_lower_bound": s.OSDMapTrimLowerBound,
	}
}

// osdPingObject describes spans as the 64 bits that they take.
func osdPingObject(b *OSDPing) object {
	bits := func(s Span) uint64 { return uint64(uint32(s.Nsec))<<32 | uint64(uint32(s.Sec)) }
	o := object{
		"fsid": b.FSID.String(), "map_epoch": b.MapEpoch, "op": b.Op, "ping_stamp": b.Stamp.String(), "pad": b.Pad,
		"up_from": b.UpFrom, "mono_ping_stamp": bits(b.MonoPingStamp), "mono_send_stamp": bits(b.MonoSendStamp),
		"delta_ub": nil,
	}
	if b.DeltaUB != nil {
		o["delta_ub"] = int64(bits(*b.DeltaUB))
	}
	return o
}

func serviceMapObject(m *ServiceMap) any {
	return object{
		"epoch": m.Epoch, "modified": m.Modified.String(),
		"services": byName(m.Services, func(s Service) any { return fmt.Sprint(s) }),
	}
}
