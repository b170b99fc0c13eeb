# What the tutorials' scripts need beside the lines that people type.
step() { echo "## $1"; }
kts() { "$NODE" "$KTS" "$@"; }
# A person waits until the broker is up.
ready() { for port; do kts ready --timeout 30s --bootstrap-server "localhost:$port"; done; }
# A person reads until there is nothing new, then types Ctrl-C: until_lines COUNT COMMAND…
until_lines() {
  count=$1; shift
  out=$(mktemp)
  "$@" >"$out" 2>"$out.err" &
  reader=$!
  for _ in $(seq 300); do
    [ "$(grep -c '' "$out")" -ge "$count" ] && break
    sleep 0.1
  done
  kill -INT "$reader" 2>/dev/null; wait "$reader" 2>/dev/null
  cat "$out"
}
# until_shows TEXT COMMAND…: asks again until the answer holds it, as a person would.
until_shows() {
  text=$1; shift
  for _ in $(seq 150); do
    answer=$("$@" 2>/dev/null)
    case "$answer" in *"$text"*) break ;; esac
    sleep 0.1
  done
  echo "$answer"
}
# The test looks at what runs, where it has something to look with.
pause() { touch "$ROOT/$1.reached"; until [ -e "$ROOT/$1.over" ]; do sleep 0.1; done; }
# Without a PATH, no real jps adds the JVMs of the machine.
own_jps() { env -i "$JPS" "$@"; }
trap 'kill -9 $(own_jps -q) 2>/dev/null' EXIT
