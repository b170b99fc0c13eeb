/** What the handlers of the controller listener share. */
import type { ApiRow, RequestContext } from '../../network/handler.ts';
import type { describeConfigsRequest, describeConfigsResponse } from '../../protocol/messages/describe-configs.ts';
import type { Decoded, Encodable } from '../../protocol/schema.ts';
import type { RaftClient } from '../../raft/raft-client.ts';
import type { Controller } from '../controller.ts';

export interface ControllerDeps {
  readonly controller: Controller;
  readonly raft: RaftClient;
  /** DescribeConfigs of this node's own configuration; null leaves the API out. */
  readonly describeConfigs:
    | ((
        request: Decoded<typeof describeConfigsRequest>,
        context: RequestContext,
      ) => Encodable<typeof describeConfigsResponse>)
    | null;
}

/** What Envelope dispatches to: every other row. */
export type RowLookup = (apiKey: number) => ApiRow | undefined;
