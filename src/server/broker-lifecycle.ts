/**
 * A broker's life as the controller sees it: registered, caught up, unfenced, heartbeating, and at the end released by
 * a controlled shutdown. Nothing else decides whether clients are told of this broker.
 */
import type { Logger } from '../base/logger.ts';
import type { Uuid } from '../base/uuid.ts';
import type { ControllerChannel } from '../broker/services.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import { brokerHeartbeatRequest, brokerHeartbeatResponse } from '../protocol/messages/broker-heartbeat.ts';
import { brokerRegistrationRequest, brokerRegistrationResponse } from '../protocol/messages/broker-registration.ts';
import type { Decoded, Encodable } from '../protocol/schema.ts';
import type { Runtime, TimerHandle } from '../runtime/runtime.ts';

type Registration = Encodable<typeof brokerRegistrationRequest>;
type HeartbeatAnswer = Decoded<typeof brokerHeartbeatResponse>;

export interface BrokerLifecycleOptions {
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly channel: ControllerChannel;
  readonly registration: Registration;
  readonly heartbeatIntervalMs: number;
  /** A controller that cannot commit does not answer; it is to hear of this broker all the same. */
  readonly heartbeatTimeoutMs: number;
  /** `initial.broker.registration.timeout.ms`. */
  readonly registrationTimeoutMs: number;
  /** `controlled.shutdown.*`: how long a controlled shutdown may take. */
  readonly shutdownTimeoutMs: number;
  /** The offset of the last metadata record that this broker has applied. */
  readonly appliedOffset: () => number;
  readonly offlineLogDirs: () => readonly Uuid[];
}

const REGISTRATION_VERSION = 4;
const HEARTBEAT_VERSION = 2;
const CATCH_UP_RETRY_MS = 10;
const FIRST_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 1000;
const SHUTDOWN_RETRY_MS = 20;

export class BrokerLifecycle {
  readonly #options: BrokerLifecycleOptions;
  #epoch = -1;
  #timer: TimerHandle | null = null;
  #stopped = false;
  #wantFence = true;
  /** Something has changed while a heartbeat was under way. */
  #hurried = false;
  /** The controller does not know this broker, or not by this epoch. */
  #unknown = false;

  constructor(options: BrokerLifecycleOptions) {
    this.#options = options;
  }

  /** -1 before the registration. */
  get brokerEpoch(): number {
    return this.#epoch;
  }

  /** Registers and waits until this broker has applied its own registration. */
  async start(): Promise<void> {
    await this.#register();
    while (!this.#stopped) {
      const answer = await this.#heartbeat(false);
      if (answer?.isCaughtUp) {
        this.#say('The broker has caught up. Transitioning from STARTING to RECOVERY.');
        return;
      }
      await this.#pause(CATCH_UP_RETRY_MS);
    }
    throw new KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, 'the node stops before its broker has caught up');
  }

  /** Asks to be unfenced, waits for it, and goes on heartbeating. */
  async unfence(): Promise<void> {
    this.#wantFence = false;
    while (!this.#stopped) {
      const answer = await this.#heartbeat(false);
      if (answer && !answer.isFenced) break;
      await this.#pause(CATCH_UP_RETRY_MS);
    }
    if (this.#stopped) {
      throw new KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, 'the node stops before its broker was unfenced');
    }
    this.#say('The broker has been unfenced. Transitioning from RECOVERY to RUNNING.');
    this.#scheduleNext();
  }

  /** Tells the controller at once what has changed here. */
  hurry(): void {
    if (this.#timer === null) this.#hurried = true;
    else this.#beat();
  }

  /** Returns once the controller has moved everything away, the time is over, or `stop` was called. */
  async controlledShutdown(): Promise<void> {
    this.#timer?.cancel();
    const { clock } = this.#options.runtime;
    const giveUpAt = clock.monotonicMs() + this.#options.shutdownTimeoutMs;
    while (!this.#stopped && clock.monotonicMs() < giveUpAt) {
      const answer = await this.#heartbeat(true);
      // A broker that somebody has unregistered leads nothing, and nobody will ever release it.
      if (answer?.shouldShutDown || this.#unknown) break;
      await this.#pause(SHUTDOWN_RETRY_MS);
    }
    this.stop();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #register(): Promise<void> {
    const { clock } = this.#options.runtime;
    const giveUpAt = clock.monotonicMs() + this.#options.registrationTimeoutMs;
    for (let backoff = FIRST_BACKOFF_MS; !this.#stopped; backoff = Math.min(MAX_BACKOFF_MS, backoff * 2)) {
      const code = await this.#tryToRegister();
      if (code === ErrorCode.NONE) return;
      const fatal = code === ErrorCode.INCONSISTENT_CLUSTER_ID || code === ErrorCode.UNSUPPORTED_VERSION;
      if (fatal || clock.monotonicMs() >= giveUpAt) {
        throw new KafkaError(code, `the controller refuses to register this broker: ${errorName(code)}`);
      }
      await this.#pause(backoff);
    }
  }

  async #tryToRegister(): Promise<number> {
    const { channel, registration } = this.#options;
    const answer = await channel
      .send(brokerRegistrationRequest, brokerRegistrationResponse, REGISTRATION_VERSION, registration)
      .catch((error: unknown) => ({ errorCode: codeOf(error), brokerEpoch: -1 }));
    if (answer.errorCode === ErrorCode.NONE) {
      this.#epoch = answer.brokerEpoch;
      this.#say(`Successfully registered broker ${registration.brokerId} with broker epoch ${this.#epoch}`);
    }
    return answer.errorCode;
  }

  /** Null when the controller did not answer or has another one by now; the caller tries again. */
  async #heartbeat(wantShutDown: boolean): Promise<HeartbeatAnswer | null> {
    const { channel, registration, logger } = this.#options;
    try {
      const sent = channel.send(brokerHeartbeatRequest, brokerHeartbeatResponse, HEARTBEAT_VERSION, {
        brokerId: registration.brokerId,
        brokerEpoch: this.#epoch,
        currentMetadataOffset: this.#options.appliedOffset(),
        wantFence: this.#wantFence,
        wantShutDown,
        offlineLogDirs: this.#options.offlineLogDirs(),
        cordonedLogDirs: this.#wantFence ? null : [],
      });
      const answer = await this.#inTime(sent);
      if (answer.errorCode === ErrorCode.NONE) {
        this.#unknown = false;
        return answer;
      }
      const isUnknown =
        answer.errorCode === ErrorCode.STALE_BROKER_EPOCH || answer.errorCode === ErrorCode.BROKER_ID_NOT_REGISTERED;
      this.#unknown = isUnknown;
      if (isUnknown && !wantShutDown) await this.#register();
      return null;
    } catch (error) {
      logger.warn(`Broker ${registration.brokerId} sent a heartbeat that failed: ${String((error as Error).message)}`);
      return null;
    }
  }

  /** Test harnesses wait for these very lines. */
  #say(line: string): void {
    this.#options.logger.info(`[BrokerLifecycleManager id=${this.#options.registration.brokerId}] ${line}`);
  }

  #scheduleNext(): void {
    if (this.#stopped) return;
    const delayMs = this.#hurried ? 0 : this.#options.heartbeatIntervalMs;
    this.#hurried = false;
    this.#timer = this.#options.runtime.timers.after(delayMs, () => this.#beat());
  }

  #beat(): void {
    this.#timer?.cancel();
    this.#timer = null;
    void this.#heartbeat(false).then(() => this.#scheduleNext());
  }

  #inTime<T>(sent: Promise<T>): Promise<T> {
    const { runtime, heartbeatTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const late = () => reject(new KafkaError(ErrorCode.REQUEST_TIMED_OUT, 'the controller did not answer in time'));
      const timer = runtime.timers.after(heartbeatTimeoutMs, late, { unref: true });
      sent.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.runtime.timers.after(ms, resolve));
  }
}

function codeOf(error: unknown): number {
  if (error instanceof KafkaError) return error.code;
  throw error;
}
