/** What ZooKeeper's shell could do and this one cannot, each with the command to use. */
import { isOfCluster } from './cluster-tree.ts';
import { ROOT } from './znode.ts';

/** A command that was refused; its message is for the person who typed it. */
export class ShellError extends Error {
  override readonly name = 'ShellError';
}

/** Words of ZooKeeper's shell that mean nothing over a cluster's metadata. */
const NOT_HERE = new Map<string, string>([
  ['addauth', 'nobody logs in to this tree; kafka-acls.sh says who may do what'],
  ['connect', 'quit, and name the other server: zkCli.sh -server HOST:PORT'],
  ['getAcl', 'use kafka-acls.sh --list'],
  ['setAcl', 'use kafka-acls.sh --add|--remove'],
  ['config', 'use kafka-metadata-quorum.sh describe --status'],
  ['reconfig', 'use kafka-metadata-quorum.sh add-controller|remove-controller'],
  ['setquota', 'use kafka-configs.sh --alter --entity-type clients'],
  ['listquota', 'use kafka-configs.sh --describe --entity-type clients'],
  ['delquota', 'use kafka-configs.sh --alter --entity-type clients --delete-config'],
]);

export function unknownCommand(name: string): ShellError {
  const instead = NOT_HERE.get(name);
  return new ShellError(
    instead === undefined ? `Command not found: Command not found ${name}` : `there is no ${name} here: ${instead}`,
  );
}

/** A path below a chroot of ZooKeeper's is a path without it here: a quorum holds one cluster. */
export function missingNode(path: string): ShellError {
  const bare = path.slice(path.indexOf('/', 1));
  const isBelowChroot = !isOfCluster(path) && path.includes('/', 1) && isOfCluster(bare);
  return new ShellError(
    `Node does not exist: ${path}${isBelowChroot ? ` (a quorum holds one cluster, without a chroot: ${bare})` : ''}`,
  );
}

/** What the cluster keeps is changed by its own commands. */
export function refuseCluster(path: string): void {
  if (path === ROOT || !isOfCluster(path)) return;
  throw new ShellError(`${path} is kept by the cluster itself: ${commandFor(path)}`);
}

const ENTITY_TYPES: ReadonlySet<string> = new Set(['topics', 'brokers', 'users', 'clients', 'ips']);

function configCommand(kind: string | undefined, name: string): string {
  const type = kind !== undefined && ENTITY_TYPES.has(kind) ? kind : 'topics';
  const entity = name === '<default>' ? '--entity-default' : `--entity-name ${name}`;
  return `use kafka-configs.sh --alter --entity-type ${type} ${entity} --add-config KEY=VALUE`;
}

function adminCommand(kind: string | undefined, name: string): string {
  if (kind === 'reassign_partitions') return 'use kafka-reassign-partitions.sh --execute';
  if (kind === 'preferred_replica_election') return 'use kafka-leader-election.sh --election-type preferred';
  return `use kafka-topics.sh --delete --topic ${name}`;
}

function commandFor(path: string): string {
  const [, root, kind, name = 'NAME'] = path.split('/');
  switch (root) {
    case 'brokers':
      if (kind === 'ids') return 'a broker is there while it runs; kafka-server-stop.sh stops it';
      return `use kafka-topics.sh --create|--alter|--delete --topic ${name}, or deleteall /brokers/topics/${name}`;
    case 'config':
      return configCommand(kind, name);
    case 'admin':
      return adminCommand(kind, name);
    case 'consumers':
      return `use kafka-consumer-groups.sh --delete --group ${kind ?? 'NAME'}`;
    case 'controller':
    case 'controller_epoch':
      return 'the quorum elects its leader itself; zkServer.sh restart, where it leads, makes another lead';
    case 'feature':
      return 'use kafka-features.sh upgrade|downgrade';
    default:
      return 'no command changes it';
  }
}
