/** One connection to a broker, as the client sees it. */
import type { Runtime } from '../runtime/runtime.ts';
import { type Address, addressText } from './address.ts';
import type { Api } from './api.ts';

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

export interface LinkOptions {
  readonly runtime: Runtime;
  readonly address: Address;
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Closed after so long without a request; below 0 never. */
  readonly idleMs: number;
  /** Where answers are put, if not into memory of their own: who gives the same again has used up the answer before. */
  readonly allocate?: (bytes: number) => Buffer;
  /** The connection is over, for whatever reason; called once, and not when it could not be opened. */
  readonly onClosed?: (error: Error) => void;
}

export interface Link {
  readonly address: Address;
  readonly isOpen: boolean;
  /** The newest version of both sides, at most `limit`; undefined when the broker lacks the API. */
  version(api: Api<unknown, unknown>, limit?: number): number | undefined;
  /** The versions that the other side has of an API; undefined when it lacks it. */
  range?(apiKey: number): VersionRange | undefined;
  send<In, Out>(api: Api<In, Out>, version: number, value: In, timeoutMs: number): Promise<Out>;
  /** Like `send`, with a whole request frame made elsewhere: only its correlation id is set. */
  sendPrepared<In, Out>(api: Api<In, Out>, version: number, frame: Buffer, timeoutMs: number): Promise<Out>;
  /** For requests that are never answered (acks=0). Resolves when the bytes are on their way. */
  sendPreparedUnanswered(frame: Buffer): Promise<void>;
  close(): void;
}

export type OpenLink = (options: LinkOptions) => Promise<Link>;

/** The connection failed, or ended before the answer came: whether the request was seen is unknown. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  /** The message without the broker's name. */
  readonly reason: string;

  constructor(reason: string, options: { readonly address?: Address; readonly cause?: unknown } = {}) {
    const where = options.address === undefined ? '' : `broker ${addressText(options.address)}: `;
    super(where + reason, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
  }
}

/** Why a broker could not be reached, for people. */
export function reasonOf(error: unknown): string {
  if (error instanceof LinkError) return error.reason;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ECONNRESET') return 'connection reset';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown host';
  if (code === 'ETIMEDOUT') return 'no answer to the connection';
  return error instanceof Error ? error.message.replace(/\s*\n\s*/g, ' ') : String(error);
}
