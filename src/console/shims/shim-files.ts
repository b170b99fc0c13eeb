/**
 * Scripts with the names of Kafka's, which run kts in the strict manner. They use nothing but the shell's own words and
 * absolute paths, because what calls them over ssh has an empty PATH.
 */
import { ENSEMBLE_CLASS, NODE_CLASS, PREFERRED_ELECTION_CLASS } from '../java-classes.ts';

/** How a shim is told from somebody else's script. */
export const SHIM_MARK = 'written by `kts shims`';

export interface ShimPaths {
  readonly node: string;
  /** bin/kts.js. */
  readonly script: string;
  /** Another name of `node`, ending in `java`: what looks for a broker looks for java. */
  readonly java: string;
  /** Variables that the shims set, besides the manner. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ShimFile {
  readonly name: string;
  readonly text: string;
}

/** For any POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function head(paths: ShimPaths): string {
  const lines = Object.entries({ KTS_STRICT: '1', ...paths.env }).map(([name, value]) => `${name}=${quoted(value)}`);
  const names = ['KTS_STRICT', ...Object.keys(paths.env)].join(' ');
  return `#!/bin/sh\n# kts in the place of Kafka's script, ${SHIM_MARK}: call that again rather than edit this.\n${lines.join('\n')}\nexport ${names}\n`;
}

/** As Kafka's scripts find it: beside the folder of the script that was called. */
const FOLDER = `here=\${0%/*}
[ "$here" = "$0" ] && here=.
`;
const LOG_DIR = `: "\${LOG_DIR:=$here/../logs}"
export LOG_DIR
`;

function serverStart(paths: ShimPaths, kts: string): string {
  const node = `${quoted(paths.script)} ${NODE_CLASS} "$@"`;
  return `${head(paths)}${FOLDER}${LOG_DIR}[ "$1" = -daemon ] && exec ${kts} server-start "$@"
[ -x ${quoted(paths.java)} ] && exec ${quoted(paths.java)} ${node}
exec ${quoted(paths.node)} ${node}
`;
}

function zookeeperServerStart(paths: ShimPaths, kts: string): string {
  const node = `${quoted(paths.script)} ${ENSEMBLE_CLASS} "$@"`;
  return `${head(paths)}${FOLDER}${LOG_DIR}[ "$1" = -daemon ] && exec ${kts} zookeeper-server-start "$@"
[ -x ${quoted(paths.java)} ] && exec ${quoted(paths.java)} ${node}
exec ${quoted(paths.node)} ${node}
`;
}

/** As zkEnv.sh, the configuration lies in the folder beside the scripts' own, unless words or variables say otherwise. */
function zkServer(paths: ShimPaths, kts: string): string {
  return `${head(paths)}${FOLDER}if [ "$1" = --config ] && [ $# -gt 1 ]; then
  ZOOCFGDIR=$2
  shift 2
fi
: "\${LOG_DIR:=\${ZOO_LOG_DIR:-$here/../logs}}"
: "\${ZOOCFGDIR:=$here/../conf}"
export LOG_DIR ZOOCFGDIR
if [ "$1" = start-foreground ]; then
  file=\${2:-\${ZOOCFG:-zoo.cfg}}
  [ -f "$file" ] || file=$ZOOCFGDIR/$file
  exec "$here/zookeeper-server-start.sh" "$file"
fi
exec ${kts} zk-server -- "$@"
`;
}

function runClass(paths: ShimPaths, kts: string): string {
  return `${head(paths)}${FOLDER}daemon=
while :; do
  case "$1" in
    -name) shift 2 || shift ;;
    -loggc) shift ;;
    -daemon) daemon=-daemon; shift ;;
    *) break ;;
  esac
done
if [ $# -eq 0 ]; then
  echo "USAGE: $0 [-daemon] [-name servicename] [-loggc] classname [opts]"
  exit 1
fi
case "$1" in
  ${NODE_CLASS}) shift; exec "$here/kafka-server-start.sh" $daemon "$@" ;;
  ${ENSEMBLE_CLASS}) shift; exec "$here/zookeeper-server-start.sh" $daemon "$@" ;;
esac
exec ${kts} "$@"
`;
}

/** `tools` are Kafka's tools that kts has, by their names without `kafka-` and `.sh`. */
export function shimFiles(tools: readonly string[], paths: ShimPaths): ShimFile[] {
  const kts = `${quoted(paths.node)} ${quoted(paths.script)}`;
  const scripts = new Map<string, string>();
  for (const tool of tools) scripts.set(`kafka-${tool}`, `${head(paths)}exec ${kts} ${tool} "$@"\n`);
  if (tools.includes('leader-election')) {
    scripts.set('kafka-preferred-replica-election', `${head(paths)}exec ${kts} ${PREFERRED_ELECTION_CLASS} "$@"\n`);
  }
  scripts.set('kafka-server-start', serverStart(paths, kts));
  scripts.set('kafka-run-class', runClass(paths, kts));
  scripts.set('zookeeper-server-start', zookeeperServerStart(paths, kts));
  scripts.set('zookeeper-server-stop', `${head(paths)}exec ${kts} zookeeper-server-stop "$@"\n`);
  scripts.set('zkServer', zkServer(paths, kts));
  for (const name of ['zkCli', 'zookeeper-shell']) scripts.set(name, `${head(paths)}exec ${kts} zk-cli -- "$@"\n`);
  const files = [...scripts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, text]) => [
      { name: `${name}.sh`, text },
      { name, text },
    ]);
  // Its words are not options of ours: -ml and the like are a real jps's.
  return [...files, { name: 'jps', text: `${head(paths)}exec ${kts} jps -- "$@"\n` }];
}
