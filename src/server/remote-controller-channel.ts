/**
 * The way to whichever node is the active controller: over one connection to it, or within the process when it is this
 * node. A connection that is lost and a node that is not the controller (any more) are no answers: the controller is
 * looked for again and the request sent again, until an answer comes or its time is over, as Kafka's
 * NodeToControllerChannelManager does. A request may thus arrive twice; every one of them either says the same thing
 * again or is refused the second time (a topic that exists, a partition epoch that has passed).
 */
import type { Logger } from '../base/logger.ts';
import type { ControllerChannel } from '../broker/services.ts';
import { type Address, addressText } from '../network/address.ts';
import { type Api, api } from '../network/api.ts';
import type { RequestContext } from '../network/handler.ts';
import { type Link, LinkError, type OpenLink, reasonOf, type VersionRange } from '../network/link.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { envelopeRequest, envelopeResponse } from '../protocol/messages/envelope.ts';
import type { Decoded, Encodable, Message } from '../protocol/schema.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { ENVELOPE_VERSION, openEnvelope, sealEnvelope } from './envelope.ts';
import type { LocalControllerChannel } from './local-controller-channel.ts';

export interface ControllerAddress extends Address {
  readonly id: number;
}

export interface RemoteControllerChannelOptions {
  readonly nodeId: number;
  /** Who leads the quorum, and where; null while nobody is known to. */
  readonly locate: () => ControllerAddress | null;
  /** The controller of this process; null where there is none. */
  readonly local: LocalControllerChannel | null;
  readonly runtime: Runtime;
  readonly openLink: OpenLink;
  readonly logger: Logger;
  /** How long a request is tried: at the end it fails with REQUEST_TIMED_OUT. */
  readonly retryTimeoutMs: number;
  /** `controller.socket.timeout.ms`: how long one answer may take. */
  readonly requestTimeoutMs: number;
  /** `socket.connection.setup.timeout.ms`. */
  readonly connectTimeoutMs: number;
}

const FIRST_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 100;

/** The connection to one controller, perhaps still being opened. */
interface CurrentLink {
  readonly to: ControllerAddress;
  readonly opening: Promise<Link>;
  /** Once it is. */
  open: Link | null;
  /** Rejects when another controller leads: nobody waits for this one to answer its first question. */
  readonly dropped: PromiseWithResolvers<never>;
}

/** How far one request has come. */
interface Attempt {
  readonly giveUpAtMs: number;
  backoffMs: number;
  /** Why it was not answered yet; for the error at the end. */
  reason: string;
  /** False once it is not to be sent any more. */
  readonly isWanted: () => boolean;
}

const ALWAYS = (): boolean => true;

export class RemoteControllerChannel implements ControllerChannel {
  readonly #options: RemoteControllerChannelOptions;
  #link: CurrentLink | null = null;
  /** Requests between two attempts. */
  readonly #pausing = new Set<() => void>();
  #closed = false;
  /** Rejects when the node stops: its own controller may wait for a commit that never comes. */
  readonly #stopping = Promise.withResolvers<never>();

  constructor(options: RemoteControllerChannelOptions) {
    this.#options = options;
    this.#stopping.promise.catch(() => {});
  }

  async send<Req extends Message, Res extends Message>(
    request: Req,
    response: Res,
    version: number,
    value: Encodable<Req>,
    isWanted: () => boolean = ALWAYS,
  ): Promise<Decoded<Res>> {
    const { local, nodeId, runtime, retryTimeoutMs, locate } = this.#options;
    const giveUpAtMs = runtime.clock.monotonicMs() + retryTimeoutMs;
    const attempt: Attempt = { giveUpAtMs, backoffMs: FIRST_BACKOFF_MS, reason: 'no controller is known', isWanted };
    for (;;) {
      this.#checkOpen();
      checkWanted(request.name, attempt);
      const to = locate();
      if (to !== null) {
        const answer =
          to.id === nodeId && local !== null
            ? await Promise.race([local.send(request, response, version, value), this.#stopping.promise])
            : await this.#sendTo(to, { which: api(request, response), version, value }, attempt);
        if (answer !== null && !saysNotController(answer)) return answer as Decoded<Res>;
        // It may be about to become it: the connection stays until another one is known to lead.
        if (answer !== null) attempt.reason = `node ${to.id} is not the controller`;
      }
      await this.#pause(request.name, attempt);
    }
  }

  async forward<Res extends Message>(context: RequestContext, response: Res): Promise<Decoded<Res>> {
    const { apiVersion } = context;
    const envelope = await this.send(envelopeRequest, envelopeResponse, ENVELOPE_VERSION, sealEnvelope(context));
    return openEnvelope(envelope, response, apiVersion);
  }

  /** The versions of an API that the active controller has; null while no connection to it has told. */
  versionsOf(apiKey: number): VersionRange | undefined | null {
    const link = this.#link?.open;
    return link?.range === undefined ? null : link.range(apiKey);
  }

  /** Another controller may be active now: nothing waits for an answer of the former one. */
  controllerChanged(): void {
    const to = this.#options.locate();
    if (this.#link !== null && !isSame(this.#link.to, to)) this.#drop();
    if (to !== null) this.#wake();
  }

  /** Whoever waits is refused: the node stops. */
  close(): void {
    this.#closed = true;
    this.#stopping.reject(stopping());
    this.#drop();
    this.#wake();
  }

  #checkOpen(): void {
    if (this.#closed) throw stopping();
  }

  /** Null when the connection did not bring an answer. */
  async #sendTo(
    to: ControllerAddress,
    request: { readonly which: Api<unknown, unknown>; readonly version: number; readonly value: unknown },
    attempt: Attempt,
  ): Promise<unknown> {
    const { runtime, requestTimeoutMs } = this.#options;
    try {
      const { opening, dropped } = this.#linkTo(to);
      const link = await Promise.race([opening, dropped.promise]);
      checkWanted(request.which.request.name, attempt);
      const version = link.version(request.which, request.version);
      if (version === undefined) {
        const { name } = request.which.request;
        throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION, `the controller ${to.id} has no version of ${name} for us`);
      }
      const leftMs = attempt.giveUpAtMs - runtime.clock.monotonicMs();
      return await link.send(request.which, version, request.value, Math.max(1, Math.min(leftMs, requestTimeoutMs)));
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      attempt.reason = `${to.id} at ${addressText(to)}: ${reasonOf(error)}`;
      this.#options.logger.debug(`The controller did not answer: ${attempt.reason}`);
      return null;
    }
  }

  #linkTo(to: ControllerAddress): CurrentLink {
    if (this.#link !== null && isSame(this.#link.to, to)) return this.#link;
    this.#drop();
    const { runtime, openLink, nodeId, connectTimeoutMs, requestTimeoutMs, retryTimeoutMs, logger } = this.#options;
    const opening = openLink({
      runtime,
      address: { host: to.host, port: to.port },
      clientId: String(nodeId),
      connectTimeoutMs,
      requestTimeoutMs: Math.min(requestTimeoutMs, retryTimeoutMs),
      idleMs: -1,
      onClosed: () => this.#forget(opening),
    });
    const dropped = Promise.withResolvers<never>();
    dropped.promise.catch(() => {});
    const current: CurrentLink = { to, opening, open: null, dropped };
    this.#link = current;
    opening.then(
      (link) => {
        current.open = link;
        logger.info(`Recorded new controller, from now on will use node ${addressText(to)} (id: ${to.id})`);
      },
      () => this.#forget(opening),
    );
    return current;
  }

  #forget(opening: Promise<Link>): void {
    if (this.#link?.opening === opening) this.#link = null;
  }

  #drop(): void {
    const link = this.#link;
    this.#link = null;
    link?.dropped.reject(new LinkError('it is not the controller any more'));
    // One that cannot be opened needs no closing.
    link?.opening.then((open) => open.close()).catch(() => {});
  }

  /** Throws when the time is over. Ends early when the controller is another one. */
  async #pause(name: string, attempt: Attempt): Promise<void> {
    const { clock, timers } = this.#options.runtime;
    const leftMs = attempt.giveUpAtMs - clock.monotonicMs();
    if (leftMs <= 0) {
      throw new KafkaError(
        ErrorCode.REQUEST_TIMED_OUT,
        `${name.replace(/Request$/, '')} was not answered in time: ${attempt.reason}`,
      );
    }
    const delayMs = Math.min(leftMs, attempt.backoffMs);
    attempt.backoffMs = Math.min(MAX_BACKOFF_MS, attempt.backoffMs * 2);
    this.#checkOpen();
    await new Promise<void>((resolve) => {
      const go = (): void => {
        timer.cancel();
        this.#pausing.delete(go);
        resolve();
      };
      const timer = timers.after(delayMs, go, { unref: true });
      this.#pausing.add(go);
    });
  }

  #wake(): void {
    for (const go of [...this.#pausing]) go();
  }
}

function stopping(): KafkaError {
  return new KafkaError(ErrorCode.NOT_CONTROLLER, 'the node is stopping');
}

function checkWanted(name: string, attempt: Attempt): void {
  if (attempt.isWanted()) return;
  throw new KafkaError(ErrorCode.REQUEST_TIMED_OUT, `${name.replace(/Request$/, '')} is not to be sent any more`);
}

function isSame(one: ControllerAddress, other: ControllerAddress | null): boolean {
  return other !== null && one.id === other.id && one.host === other.host && one.port === other.port;
}

/** Node's errors of sockets have a code in letters. */
function isLostConnection(error: unknown): boolean {
  return error instanceof LinkError || typeof (error as { code?: unknown } | null)?.code === 'string';
}

/** The one error that is about the node which was asked, wherever the answer has room for it. */
function saysNotController(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  if ((answer as { errorCode?: unknown }).errorCode === ErrorCode.NOT_CONTROLLER) return true;
  // All of a request is refused for it, so the first of each list tells.
  return Object.values(answer).some((value) => Array.isArray(value) && saysNotController(value[0]));
}
