/** A request with its answer: what the client sends. Each file of the client names the APIs it needs, and loads no other. */
import type { Message } from '../protocol/schema.ts';

export interface Api<ReqIn, ResOut> {
  readonly request: Message<unknown, ReqIn>;
  readonly response: Message<ResOut, unknown>;
}

export function api<ReqOut, ReqIn, ResOut, ResIn>(
  request: Message<ReqOut, ReqIn>,
  response: Message<ResOut, ResIn>,
): Api<ReqIn, ResOut> {
  return { request, response } as Api<ReqIn, ResOut>;
}
