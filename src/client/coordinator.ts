/** Which broker coordinates a group, remembered until it says that it does not. */

import { type Api, api } from '../network/api.ts';
import { ErrorCode, errorRow } from '../protocol/error-codes.ts';
import { findCoordinatorRequest, findCoordinatorResponse } from '../protocol/messages/find-coordinator.ts';
import type { Deadline } from './backoff.ts';
import { type ClusterView, isUnreachable } from './cluster-view.ts';
import { toKafkaError } from './error-text.ts';

const FIND_COORDINATOR = api(findCoordinatorRequest, findCoordinatorResponse);
const GROUP = 0;

export class Coordinators {
  readonly #cluster: ClusterView;
  readonly #nodes = new Map<string, number>();

  constructor(cluster: ClusterView) {
    this.#cluster = cluster;
  }

  forget(group: string): void {
    this.#nodes.delete(group);
  }

  async nodeOf(group: string, deadline: Deadline, doing: string): Promise<number> {
    const known = this.#nodes.get(group);
    if (known !== undefined) return known;
    for (let attempt = 0; ; attempt++) {
      const response = await this.#cluster.call(
        FIND_COORDINATOR,
        { keyType: GROUP, coordinatorKeys: [group] },
        { deadline, doing: `${doing}(api=FIND_COORDINATOR)` },
      );
      const found = response.coordinators[0];
      const code = found?.errorCode ?? ErrorCode.COORDINATOR_NOT_AVAILABLE;
      if (found !== undefined && code === 0) {
        if (this.#cluster.broker(found.nodeId) === undefined) await this.#cluster.refresh([], { deadline });
        this.#nodes.set(group, found.nodeId);
        return found.nodeId;
      }
      if (!errorRow(code).retriable || deadline.passed) throw toKafkaError(code, found?.errorMessage);
      await this.#cluster.pause(attempt, deadline);
    }
  }

  /** Sends to the coordinator; looks it up again when it has moved, loads, or is gone, until the deadline. */
  async call<In, Out>(
    group: string,
    which: Api<In, Out>,
    value: In,
    options: {
      readonly codeOf: (response: Out) => number;
      readonly deadline?: Deadline;
      readonly maxVersion?: number;
      readonly timeoutMs?: number;
      readonly channel?: string;
      readonly doing: string;
      /** One try: the first failure is the caller's. */
      readonly once?: boolean;
    },
  ): Promise<Out> {
    const deadline = options.deadline ?? this.#cluster.deadline();
    for (let attempt = 0; ; attempt++) {
      const node = await this.nodeOf(group, deadline, options.doing);
      try {
        const response = await this.#cluster.call(which, value, { ...options, node, deadline, once: true });
        const isGone = isCoordinatorGone(options.codeOf(response));
        if (isGone) this.forget(group);
        if (!isGone || deadline.passed || options.once) return response;
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        // Another may coordinate the group by now.
        this.forget(group);
        if (options.once || this.#cluster.isClosed) throw error;
        if (deadline.passed) throw this.#cluster.unreachable({ node, doing: options.doing }, error);
      }
      await this.#cluster.pause(attempt, deadline);
    }
  }
}

export function isCoordinatorGone(code: number): boolean {
  return (
    code === ErrorCode.NOT_COORDINATOR ||
    code === ErrorCode.COORDINATOR_NOT_AVAILABLE ||
    code === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
  );
}
