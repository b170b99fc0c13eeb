/**
 * Whom an administrator's tool asks: brokers, or the active controller of a quorum. Controllers answer for configs and ACLs only;
 * Kafka's client refuses the rest by itself, and so does this.
 */
import { type ClusterDescription, describeCluster } from '../client/admin-cluster.ts';
import type { ClusterView } from '../client/cluster-view.ts';
import { toKafkaError } from '../client/error-text.ts';
import { addressText } from '../network/address.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import type { CommandContext } from './command.ts';
import { checkProperties, clientProperties, connect, connectAdmin } from './connect.ts';
import type { ParsedOptions } from './parser/parsed-options.ts';

const NOT_OF_CONTROLLERS =
  'This Admin API is not yet supported when communicating directly with the controller quorum.';

export interface AdminClient {
  readonly cluster: ClusterView;
  readonly ofControllers: boolean;
}

/** The brokers, or the quorum's own nodes where those were asked. */
export function clusterNodes({ cluster, ofControllers }: AdminClient): Promise<ClusterDescription> {
  return describeCluster(cluster, { ofControllers });
}

/** Throws what Kafka's client says when controllers are asked what only brokers know. */
export function needsBrokers({ ofControllers }: AdminClient): void {
  if (ofControllers) throw toKafkaError(ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, NOT_OF_CONTROLLERS);
}

/** Only the controller that leads may change anything: it is found before it is asked. */
async function activeController(context: CommandContext, options: ParsedOptions, bootstrap: string) {
  const properties = await clientProperties(context, options.value('command-config'));
  const checked = await checkProperties(context, 'admin', properties);
  const cluster = connect(context, { bootstrap, clientId: 'adminclient-1', checked });
  try {
    const { controllerId, nodes } = await describeCluster(cluster, { ofControllers: true });
    const active = nodes.find(({ id }) => id === controllerId);
    if (active === undefined) return cluster;
    const { settings } = cluster;
    const other = connect(context, { bootstrap: addressText(active), clientId: settings.clientId, settings });
    cluster.close();
    return other;
  } catch (error) {
    cluster.close();
    throw error;
  }
}

export async function openAdmin(
  context: CommandContext,
  options: ParsedOptions,
  strictMissing: string,
): Promise<AdminClient> {
  const controllers = options.value('bootstrap-controller');
  if (controllers === undefined) {
    return { cluster: await connectAdmin(context, options, strictMissing), ofControllers: false };
  }
  return { cluster: await activeController(context, options, controllers), ofControllers: true };
}
