/** The rows of the controller listener. ApiVersions is the dispatcher's own. */
import { createAclsRow, deleteAclsRow, describeAclsRow } from '../../network/acl-rows.ts';
import type { ApiRow } from '../../network/handler.ts';
import { brokerRows } from './broker-rows.ts';
import { configRows } from './config-rows.ts';
import type { ControllerDeps } from './deps.ts';
import { envelopeRow } from './envelope.ts';
import { partitionRows } from './partition-rows.ts';
import { quorumRows } from './quorum-rows.ts';
import { topicRows } from './topic-rows.ts';

/** `beyond`: rows made elsewhere that brokers forward to as well (changes of the voters). */
export function controllerHandlers(deps: ControllerDeps, beyond: readonly ApiRow[] = []): ApiRow[] {
  const rows = [
    ...brokerRows(deps),
    ...topicRows(deps),
    ...partitionRows(deps),
    ...configRows(deps),
    ...quorumRows(deps),
    describeAclsRow(),
    createAclsRow(),
    deleteAclsRow(),
    ...beyond,
  ];
  const byKey = new Map(rows.map((row) => [row.apiKey, row]));
  return [...rows, envelopeRow((apiKey) => byKey.get(apiKey))];
}
