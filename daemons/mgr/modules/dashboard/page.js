// The page is made anew every five seconds, as often as monitors tell managers how the
// cluster is. While nobody answers it stays as it is and says so: the manager may have
// gone, and another one not be ready yet. One that stands by redirects to the active one.
setInterval(async () => {
	let answered = false;
	try {
		const r = await fetch("/", { cache: "no-store", redirect: "manual" });
		answered = r.ok || r.type === "opaqueredirect";
	} catch { } // nobody listens
	document.getElementById("stale").hidden = answered;
	if (answered) location.reload();
}, 5000);
