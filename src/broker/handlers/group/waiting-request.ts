/**
 * A request whose answer may be minutes away (JoinGroup, SyncGroup). When its connection closes first, nothing is left of
 * the request; the member stays, as in Kafka: it may come back on another connection, and its session watches over it.
 */
import { type HandlerResult, NO_RESPONSE, type RequestContext } from '../../../network/handler.ts';

export function whileConnected<Result, Response>(
  context: RequestContext,
  result: Promise<Result>,
  shape: (result: Result) => Response,
): Promise<HandlerResult<Response>> {
  return new Promise((resolve, reject) => {
    const takeBack = context.onConnectionClosed(() => resolve(NO_RESPONSE));
    result.then(
      (value) => {
        takeBack();
        resolve(shape(value));
      },
      (error: unknown) => {
        takeBack();
        reject(error);
      },
    );
  });
}
