/**
 * What the controllers that stand in ZooKeeper's place say of the cluster: DescribeCluster at their client port, which
 * names the brokers too. Both a broker that looks for its cluster and a tool with `--zookeeper` begin here.
 */
import { describeClusterRequest, describeClusterResponse } from '../protocol/messages/describe-cluster.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Address } from './address.ts';
import { api } from './api.ts';
import { ClientLink } from './client-link.ts';

const DESCRIBE_CLUSTER = api(describeClusterRequest, describeClusterResponse);
const TIMEOUT_MS = 2_000;
const ENDPOINT_BROKERS = 1;
const ENDPOINT_CONTROLLERS = 2;

export interface EnsembleBroker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export interface EnsembleView {
  readonly clusterId: string;
  /** Node id of the active controller; -1 while there is none. */
  readonly controllerId: number;
  /** Those that are not fenced. */
  readonly brokers: readonly EnsembleBroker[];
  /** Ids of these and of those that are away. */
  readonly registered: readonly number[];
}

/** The first that answers; null where none does. */
export async function ensembleView(servers: readonly Address[], runtime: Runtime): Promise<EnsembleView | null> {
  for (const address of servers) {
    const view = await askOne(address, runtime).catch(() => null);
    if (view !== null) return view;
  }
  return null;
}

async function askOne(address: Address, runtime: Runtime): Promise<EnsembleView | null> {
  const timeouts = { connectTimeoutMs: TIMEOUT_MS, requestTimeoutMs: TIMEOUT_MS, idleMs: -1 };
  const link = await ClientLink.open({ runtime, address, clientId: 'kts', ...timeouts });
  try {
    const version = link.version(DESCRIBE_CLUSTER);
    if (version === undefined || version < 1) return null;
    const ask = (endpointType: number) =>
      link.send(
        DESCRIBE_CLUSTER,
        version,
        { includeClusterAuthorizedOperations: false, endpointType, includeFencedBrokers: true },
        TIMEOUT_MS,
      );
    const controllers = await ask(ENDPOINT_CONTROLLERS);
    if (controllers.errorCode !== 0) return null;
    // Apache Kafka's controllers do not tell; then there is nothing to be known of brokers here.
    const { errorCode, brokers } = await ask(ENDPOINT_BROKERS);
    const known = errorCode === 0 ? brokers : [];
    return {
      clusterId: controllers.clusterId,
      controllerId: controllers.controllerId,
      brokers: known.filter(({ isFenced }) => !isFenced).map(({ brokerId: id, host, port }) => ({ id, host, port })),
      registered: known.map(({ brokerId }) => brokerId),
    };
  } finally {
    link.close();
  }
}
