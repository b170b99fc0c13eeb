/**
 * What a request handler sees and is: one row per API and listener kind. ApiVersions, routing, ordering, error answers
 * and the docs table derive from the row. Engine code behind it knows neither sockets nor frames.
 */
import type { Decoded, Encodable, Message } from '../protocol/schema.ts';

export interface Principal {
  /** `User`. */
  readonly type: string;
  /** `ANONYMOUS` on plaintext listeners. */
  readonly name: string;
}

export interface RequestContext {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** Unique within the process, in Kafka's form `localHost:localPort-remoteHost:remotePort-index`. */
  readonly connectionId: string;
  readonly listenerName: string;
  readonly clientAddress: string;
  readonly principal: Principal;
  /** From ApiVersions v3+, else `unknown`. */
  readonly clientSoftwareName: string;
  readonly clientSoftwareVersion: string;
  /** The whole request without its size bytes: for Envelope forwarding. Valid until the answer is given. */
  readonly frame: Buffer;
  /** Runs when the connection closes before the answer; the returned function takes it back. */
  onConnectionClosed(run: () => void): () => void;
}

/** `noResponse`: nothing is sent (acks=0). `closeConnection`: the connection ends instead (a failed acks=0 produce). */
export const NO_RESPONSE: unique symbol = Symbol('no response');
export const CLOSE_CONNECTION: unique symbol = Symbol('close connection');

export type HandlerResult<Res> = Res | typeof NO_RESPONSE | typeof CLOSE_CONNECTION;

export type Handle<Req, Res> = (
  request: Req,
  context: RequestContext,
) => HandlerResult<Res> | Promise<HandlerResult<Res>>;

export interface ApiRow<Req extends Message = Message, Res extends Message = Message> {
  readonly apiKey: number;
  readonly name: string;
  readonly request: Req;
  readonly response: Res;
  /** The versions that ApiVersions advertises and the dispatcher accepts. */
  readonly minVersion: number;
  readonly maxVersion: number;
  /**
   * `pipelined` (Produce): may start before earlier pipelined requests of its connection are answered; all others wait
   * for every request before them. Answers always leave in order of arrival. The frame of a pipelined request, and so
   * every view of it that decoding gave, is used again once its answer is given: what is to last is copied.
   */
  readonly ordering: 'serial' | 'pipelined';
  readonly handle: Handle<Decoded<Req>, Encodable<Res>>;
  /** The answer to an error that `handle` threw: `code` for every part of the response that has one. */
  readonly errorResponse: (
    request: Decoded<Req>,
    code: number,
    message: string | null,
    context: RequestContext,
  ) => HandlerResult<Encodable<Res>>;
}

/** A row whose types are checked against its schemas and then forgotten, so that rows fit one table. */
export function apiRow<Req extends Message, Res extends Message>(row: ApiRow<Req, Res>): ApiRow {
  return row as unknown as ApiRow;
}

export type HandlerTable = ReadonlyMap<number, ApiRow>;

export function handlerTable(rows: readonly ApiRow[]): HandlerTable {
  return new Map(rows.map((row) => [row.apiKey, row]));
}
