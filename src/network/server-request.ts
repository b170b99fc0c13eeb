/**
 * One request from its frame to its answer. It is the context that its handler sees, and a link of its connection's
 * queue, so that a request that is answered at once costs one object.
 */
import type { DecodedRequestHeader } from '../protocol/frames.ts';
import type { ApiRow, Principal, RequestContext } from './handler.ts';

/** What of its connection a request can tell its handler. */
export interface RequestOrigin {
  readonly connectionId: string;
  readonly listenerName: string;
  readonly clientAddress: string;
  readonly principal: Principal;
  readonly clientSoftwareName: string;
  readonly clientSoftwareVersion: string;
  whenClosed(run: () => void): () => void;
}

/** `drop`: nothing is sent. `close`: the connection ends when its turn comes. */
export type Outcome = Buffer | 'drop' | 'close';

export class ServerRequest implements RequestContext {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  readonly bodyStart: number;
  readonly frame: Buffer;
  readonly row: ApiRow;
  readonly #origin: RequestOrigin;
  /** The decoded body, for an error answer. */
  body: unknown;
  started = false;
  /** Set once; the answer leaves when those of all earlier requests have left. */
  outcome: Outcome | null = null;
  next: ServerRequest | null = null;

  constructor(origin: RequestOrigin, row: ApiRow, header: DecodedRequestHeader, frame: Buffer) {
    this.#origin = origin;
    this.row = row;
    this.apiKey = header.apiKey;
    this.apiVersion = header.apiVersion;
    this.correlationId = header.correlationId;
    this.clientId = header.clientId;
    this.bodyStart = header.bodyStart;
    this.frame = frame;
  }

  get connectionId(): string {
    return this.#origin.connectionId;
  }

  get listenerName(): string {
    return this.#origin.listenerName;
  }

  get clientAddress(): string {
    return this.#origin.clientAddress;
  }

  get principal(): Principal {
    return this.#origin.principal;
  }

  get clientSoftwareName(): string {
    return this.#origin.clientSoftwareName;
  }

  get clientSoftwareVersion(): string {
    return this.#origin.clientSoftwareVersion;
  }

  onConnectionClosed(run: () => void): () => void {
    return this.#origin.whenClosed(run);
  }
}
