/** The rows of the APIs of classic groups. Those of other kinds of groups are not advertised before they work. */
import type { ApiRow } from '../../../network/handler.ts';
import { deleteGroupsRow } from './delete-groups.ts';
import { describeGroupsRow } from './describe-groups.ts';
import { findCoordinatorRow } from './find-coordinator.ts';
import type { GroupHandlerDeps } from './group-handler-deps.ts';
import { heartbeatRow } from './heartbeat.ts';
import { joinGroupRow } from './join-group.ts';
import { leaveGroupRow } from './leave-group.ts';
import { listGroupsRow } from './list-groups.ts';
import { offsetCommitRow } from './offset-commit.ts';
import { offsetDeleteRow } from './offset-delete.ts';
import { offsetFetchRow } from './offset-fetch.ts';
import { syncGroupRow } from './sync-group.ts';

export function groupHandlers(deps: GroupHandlerDeps): ApiRow[] {
  return [
    findCoordinatorRow(deps),
    joinGroupRow(deps),
    syncGroupRow(deps),
    heartbeatRow(deps),
    leaveGroupRow(deps),
    offsetCommitRow(deps),
    offsetFetchRow(deps),
    offsetDeleteRow(deps),
    listGroupsRow(deps),
    describeGroupsRow(deps),
    deleteGroupsRow(deps),
  ];
}
