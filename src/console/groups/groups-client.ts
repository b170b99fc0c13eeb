/** What the parts of `consumer-groups` share: the cluster, the coordinators, and how long to wait. */

import { EXIT } from '../../base/kts-error.ts';
import { listGroups } from '../../client/admin-groups.ts';
import type { ClusterView } from '../../client/cluster-view.ts';
import type { Coordinators } from '../../client/coordinator.ts';
import { nearestWord } from '../../config/nearest.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { CommandError } from '../command-error.ts';
import { javaText } from '../java-text.ts';

export interface GroupsClient {
  readonly cluster: ClusterView;
  readonly coordinators: Coordinators;
  readonly timeoutMs: number;
}

/** The groups of consumers: of the classic protocol and of the newer one, not those of Connect or shares. */
export async function consumerGroups(client: GroupsClient, filter: { readonly states?: readonly string[] } = {}) {
  const groups = await listGroups(client.cluster, filter, client.cluster.deadline(client.timeoutMs));
  return groups.filter((group) => {
    const type = group.type.toLowerCase();
    const ofConsumers = group.protocolType === 'consumer' || group.protocolType === '';
    return ofConsumers && (type === '' || type === 'classic' || type === 'consumer');
  });
}

/** A broker's refusal that concerns a group, with the nearest name where there is no such group. */
export async function groupError(client: GroupsClient, group: string, error: unknown): Promise<unknown> {
  if (!(error instanceof KafkaError)) return error;
  const missing = error.code === ErrorCode.GROUP_ID_NOT_FOUND;
  let hint = 'kts consumer-groups --list shows the groups';
  if (missing) {
    const names = (await consumerGroups(client)).map((g) => g.id);
    const near = nearestWord(group, names);
    if (near !== undefined) hint = `did you mean ${near}?`;
  }
  return new CommandError(missing ? `there is no group '${group}'` : error.message, {
    stage: 'run',
    exitCode: missing ? EXIT.notFound : EXIT.refused,
    strictText: javaText(error),
    cause: error,
    ...(missing ? { hint } : {}),
  });
}
