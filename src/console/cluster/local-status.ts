/** What can be seen of a local cluster from outside: its processes, and what its brokers and controllers tell. */
import {
  type ClusterDescription,
  describeCluster,
  describeQuorum,
  type QuorumDescription,
} from '../../client/admin-cluster.ts';
import { ClusterView } from '../../client/cluster-view.ts';
import { ClientLink } from '../../network/client-link.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Cell, Mark, Shown } from '../show/shown.ts';
import { hasBroker, hasController, type LocalNode } from './layout.ts';
import { runningNodes } from './local-nodes.ts';

const ANSWER_MS = 1_500;
/** A voter that has not asked for so long does not follow. */
const FOLLOWS_MS = 5_000;

export type NodeState = 'stopped' | 'starting' | 'fenced' | 'ready';

export interface NodeStatus {
  readonly node: LocalNode;
  readonly pid: number | undefined;
  readonly state: NodeState;
  /** Its place in the quorum; undefined for a broker, and as long as nobody tells. */
  readonly quorum: 'leader' | 'voter' | undefined;
  /** Partitions that it leads; undefined where it has no broker or nobody tells. */
  readonly leads: number | undefined;
}

export interface ClusterStatus {
  readonly clusterId: string | undefined;
  readonly nodes: readonly NodeStatus[];
  /** Partitions with fewer replicas in sync than they should have; undefined when no broker answers. */
  readonly underReplicated: number | undefined;
}

interface Told {
  readonly cluster: ClusterDescription | undefined;
  readonly quorum: QuorumDescription | undefined;
  readonly led: ReadonlyMap<number, number> | undefined;
  readonly underReplicated: number | undefined;
}

async function ask(runtime: Runtime, brokers: readonly string[]): Promise<Told> {
  if (brokers.length === 0) {
    return { cluster: undefined, quorum: undefined, led: undefined, underReplicated: undefined };
  }
  const view = new ClusterView({
    runtime,
    openLink: ClientLink.open,
    settings: {
      clientId: 'kts-cluster',
      bootstrapServers: brokers.join(','),
      bootstrapPatienceMs: ANSWER_MS,
      connectTimeoutMs: ANSWER_MS,
      requestTimeoutMs: ANSWER_MS,
      apiTimeoutMs: ANSWER_MS,
      retries: 1,
    },
  });
  const orNothing = <T>(answer: Promise<T>): Promise<T | undefined> => answer.catch(() => undefined);
  try {
    const cluster = await orNothing(describeCluster(view, { includeFenced: true }));
    const quorum = await orNothing(describeQuorum(view));
    const metadata = await orNothing(view.refresh(null));
    const partitions = metadata?.topics.flatMap((topic) => topic.partitions);
    const led = new Map<number, number>();
    for (const { leaderId } of partitions ?? []) led.set(leaderId, (led.get(leaderId) ?? 0) + 1);
    return {
      cluster,
      quorum,
      led: metadata === undefined ? undefined : led,
      underReplicated: partitions?.filter(({ isrNodes, replicaNodes }) => isrNodes.length < replicaNodes.length).length,
    };
  } finally {
    view.close();
  }
}

function followsQuorum({ id }: LocalNode, { quorum }: Told, nowMs: number): boolean {
  if (quorum === undefined || quorum.leaderId < 0) return false;
  if (quorum.leaderId === id) return true;
  const voter = quorum.voters.find(({ replicaId }) => replicaId === id);
  return voter !== undefined && Number(voter.lastFetchTimestamp) > nowMs - FOLLOWS_MS;
}

function stateOf(node: LocalNode, pid: number | undefined, told: Told, nowMs: number): NodeState {
  if (pid === undefined) return 'stopped';
  if (hasController(node.roles) && !followsQuorum(node, told, nowMs)) return 'starting';
  if (!hasBroker(node.roles)) return 'ready';
  const registered = told.cluster?.nodes.find(({ id }) => id === node.id);
  if (registered === undefined) return 'starting';
  return registered.isFenced ? 'fenced' : 'ready';
}

export async function clusterStatus(runtime: Runtime, nodes: readonly LocalNode[]): Promise<ClusterStatus> {
  const running = runningNodes(nodes);
  const brokers = nodes.flatMap(({ id, brokerAddress }) => (running.has(id) ? (brokerAddress ?? []) : []));
  const told = await ask(runtime, brokers);
  const nowMs = runtime.clock.nowMs();
  return {
    clusterId: told.cluster?.clusterId,
    underReplicated: told.underReplicated,
    nodes: nodes.map((node) => {
      const pid = running.get(node.id);
      const isLeader = told.quorum?.leaderId === node.id;
      const state = stateOf(node, pid, told, nowMs);
      return {
        node,
        pid,
        state,
        quorum: !hasController(node.roles) || told.quorum === undefined ? undefined : isLeader ? 'leader' : 'voter',
        leads: hasBroker(node.roles) && told.led !== undefined ? (told.led.get(node.id) ?? 0) : undefined,
      };
    }),
  };
}

export function isReady(status: ClusterStatus, ids: ReadonlySet<number>): boolean {
  return status.nodes.every(({ node, state }) => !ids.has(node.id) || state === 'ready');
}

const HEADS = ['NODE', 'ROLES', 'PID', 'STATE', 'QUORUM', 'LEADS', 'BROKER', 'CONTROLLER'] as const;
const STATE_MARKS: Readonly<Record<string, Mark>> = { ready: 'good', stopped: 'bad', fenced: 'warn', starting: 'warn' };

function cellsOf({ node, pid, state, quorum, leads }: NodeStatus): Cell[] {
  const roles = node.roles === 'both' ? 'broker,controller' : node.roles;
  return [
    node.id,
    roles,
    pid ?? null,
    state,
    quorum ?? null,
    leads ?? null,
    node.brokerAddress ?? null,
    node.controllerAddress ?? null,
  ];
}

/** Columns for eyes and for awk: `-` where there is nothing. */
export function statusText(status: ClusterStatus): string {
  const rows = [[...HEADS], ...status.nodes.map((one) => cellsOf(one).map((cell) => String(cell ?? '-')))];
  const widths = HEADS.map((_, at) => Math.max(...rows.map((row) => (row[at] as string).length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] as number))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

export function showStatus(status: ClusterStatus): Shown {
  const { underReplicated = 0 } = status;
  const columns = HEADS.map((head) => ({
    head,
    key: head.toLowerCase(),
    right: head === 'NODE' || head === 'PID' || head === 'LEADS',
    ...(head === 'STATE' ? { mark: (cell: Cell) => STATE_MARKS[String(cell)] } : {}),
  }));
  const data = {
    clusterId: status.clusterId ?? null,
    underReplicatedPartitions: status.underReplicated ?? null,
    nodes: status.nodes.map(({ node, pid, state, quorum, leads }) => ({
      id: node.id,
      roles: node.roles === 'both' ? ['broker', 'controller'] : [node.roles],
      pid: pid ?? null,
      state,
      quorum: quorum ?? null,
      leads: leads ?? null,
      broker: node.brokerAddress ?? null,
      controller: node.controllerAddress ?? null,
      properties: node.file,
    })),
  };
  const note = underReplicated === 0 ? {} : { note: `${underReplicated} partitions lack replicas in sync` };
  return { data, sheets: [{ columns, rows: status.nodes.map(cellsOf), ...note }] };
}
