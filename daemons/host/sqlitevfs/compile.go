package sqlitevfs

import (
	"context"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// memoryPages is how large the memory of a connection may become, in pages of 64 KiB: as
// large as the library has it.
const memoryPages = 4096

var compiled sync.Once //wavetank:allow SQLite is compiled once for the program, and no run sees when

// Initialize compiles SQLite, once for the program, which the first Open does otherwise:
// it takes a second or more. What came of it is kept in a folder of the machine that the
// harness runs on, for the programs that come after; no name is none. It is kept by version and
// processor, so nothing there becomes wrong. A folder that cannot be used does not matter.
// Error: the library's.
func Initialize(folder string) error {
	compiled.Do(func() {
		if config := remembering(folder); config != nil {
			sqlite3.RuntimeConfig = config //wavetank:allow before SQLite is compiled, and no run sees how
		}
	})
	return sqlite3.Initialize()
}

// remembering is how the library is to compile if SQLite is in the folder now, and nil if
// it is not. The library tries once only.
func remembering(folder string) wazero.RuntimeConfig {
	if folder == "" {
		return nil
	}
	cache, err := wazero.NewCompilationCacheWithDir(folder)
	if err != nil {
		return nil
	}
	config := wazero.NewRuntimeConfig().WithMemoryLimitPages(memoryPages).WithCoreFeatures(api.CoreFeaturesV2).WithCompilationCache(cache)
	ctx := context.Background()
	if _, err := wazero.NewRuntimeWithConfig(ctx, config).CompileModule(ctx, sqlite3.Binary); err != nil {
		return nil
	}
	return config
}
