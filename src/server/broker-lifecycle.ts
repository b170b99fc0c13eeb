/**
 * A broker's life as the controller sees it: registered, caught up, unfenced, heartbeating, and at the end released by
 * a controlled shutdown. Nothing else decides whether clients are told of this broker.
 */
import { KtsError } from '../base/kts-error.ts';
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
  /** Where the controllers are looked for, and who is known to lead: for people who wait. */
  readonly describeQuorum: () => string;
  /** So many voters are gone that nobody can lead. */
  readonly isQuorumGone: () => Promise<boolean>;
}

const REGISTRATION_VERSION = 4;
const HEARTBEAT_VERSION = 2;
const CATCH_UP_RETRY_MS = 10;
const FIRST_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 1000;
const SHUTDOWN_RETRY_MS = 20;
/** After a heartbeat that brought nothing. */
const HEARTBEAT_RETRY_MS = 100;
/**
 * A controlled shutdown ends when no controller has answered for so long: the last nodes of a cluster that is taken down
 * have none. It leaves time for another one to be elected.
 */
const SHUTDOWN_WITHOUT_CONTROLLER_MS = 5_000;
/** A released broker is gone long before: only one that waits looks what for. */
const QUORUM_CHECK_MS = 500;
/** How often somebody who waits is told what for. */
const SAY_WAITING_MS = 5_000;

export class BrokerLifecycle {
  readonly #options: BrokerLifecycleOptions;
  #epoch = -1;
  #timer: TimerHandle | null = null;
  #stopped = false;
  /** It asks to be released. A heartbeat that does not would put a broker that was released back into service. */
  #isLeaving = false;
  #wantFence = true;
  /** Something has changed while a heartbeat was under way. */
  #hurried = false;
  /** The controller does not know this broker, or not by this epoch. */
  #unknown = false;
  #waiting: TimerHandle | null = null;
  readonly #quorumGone = Promise.withResolvers<'nobody'>();
  /** Why the last registration failed, for people who wait. */
  #refusal = '';

  constructor(options: BrokerLifecycleOptions) {
    this.#options = options;
  }

  /** -1 before the registration. */
  get brokerEpoch(): number {
    return this.#epoch;
  }

  /** Registers and waits until this broker has applied its own registration. */
  async start(): Promise<void> {
    this.#waitsFor('to be registered');
    await this.#register();
    this.#waitsFor('to catch up with the metadata');
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
    this.#waitsFor('to be unfenced');
    while (!this.#stopped) {
      const answer = await this.#heartbeat(false);
      if (answer && !answer.isFenced) break;
      await this.#pause(CATCH_UP_RETRY_MS);
    }
    if (this.#stopped) {
      throw new KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, 'the node stops before its broker was unfenced');
    }
    this.#say('The broker has been unfenced. Transitioning from RECOVERY to RUNNING.');
    this.#waitsFor(null);
    this.#scheduleNext(this.#options.heartbeatIntervalMs);
  }

  /** Tells the controller at once what has changed here. */
  hurry(): void {
    if (this.#isLeaving || this.#stopped) return;
    if (this.#timer === null) this.#hurried = true;
    else this.#beat();
  }

  /** Returns once the controller has moved everything away, or when there is nobody who could. */
  async controlledShutdown(): Promise<void> {
    this.#isLeaving = true;
    this.#timer?.cancel();
    const { clock } = this.#options.runtime;
    let answeredAtMs = clock.monotonicMs();
    const giveUpAtMs = answeredAtMs + this.#options.shutdownTimeoutMs;
    void this.#watchQuorum();
    while (!this.#stopped && clock.monotonicMs() < giveUpAtMs) {
      const answer = await Promise.race([this.#heartbeat(true), this.#quorumGone.promise]);
      if (answer === 'nobody') break;
      // A broker that somebody has unregistered leads nothing, and nobody will ever release it.
      if (answer?.shouldShutDown || this.#unknown) break;
      if (answer !== null) answeredAtMs = clock.monotonicMs();
      if (clock.monotonicMs() - answeredAtMs >= SHUTDOWN_WITHOUT_CONTROLLER_MS) {
        this.#options.logger.warn('No controller answers: the broker goes without being released');
        break;
      }
      await this.#pause(SHUTDOWN_RETRY_MS);
    }
    this.stop();
  }

  /** Proof that no controller can come is better than waiting for one. */
  async #watchQuorum(): Promise<void> {
    while (!this.#stopped) {
      await this.#pause(QUORUM_CHECK_MS);
      if (this.#stopped || !(await this.#options.isQuorumGone())) continue;
      this.#options.logger.warn('The controllers are gone: the broker goes without being released');
      this.#quorumGone.resolve('nobody');
      return;
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#waitsFor(null);
  }

  /** Tells at intervals what the start is held up by. */
  #waitsFor(what: string | null): void {
    const { runtime, logger, describeQuorum } = this.#options;
    this.#waiting?.cancel();
    this.#waiting = null;
    if (what === null || this.#stopped) return;
    const say = (): void => {
      logger.info(`Waiting ${what}: ${describeQuorum()}${this.#refusal === '' ? '' : `; ${this.#refusal}`}`);
      this.#waiting = runtime.timers.after(SAY_WAITING_MS, say, { unref: true });
    };
    this.#waiting = runtime.timers.after(SAY_WAITING_MS, say, { unref: true });
  }

  async #register(): Promise<void> {
    const { runtime, registrationTimeoutMs, describeQuorum } = this.#options;
    const giveUpAtMs = runtime.clock.monotonicMs() + registrationTimeoutMs;
    for (let backoff = FIRST_BACKOFF_MS; !this.#stopped; backoff = Math.min(MAX_BACKOFF_MS, backoff * 2)) {
      const code = await this.#tryToRegister();
      if (code === ErrorCode.NONE || this.#stopped) return;
      const fatal = code === ErrorCode.INCONSISTENT_CLUSTER_ID || code === ErrorCode.UNSUPPORTED_VERSION;
      if (fatal) throw new KafkaError(code, `the controller refuses to register this broker: ${errorName(code)}`);
      if (runtime.clock.monotonicMs() >= giveUpAtMs) {
        throw new KtsError(`The broker could not be registered with the controller quorum: ${this.#refusal}.`, {
          hint: `Look at the controllers: ${describeQuorum()}.`,
        });
      }
      await this.#pause(backoff);
    }
  }

  async #tryToRegister(): Promise<number> {
    const { channel, registration } = this.#options;
    let reason = '';
    const answer = await channel
      .send(brokerRegistrationRequest, brokerRegistrationResponse, REGISTRATION_VERSION, registration)
      .catch((error: unknown) => {
        reason = (error as Error).message;
        return { errorCode: codeOf(error), brokerEpoch: -1 };
      });
    if (answer.errorCode === ErrorCode.NONE) {
      this.#epoch = answer.brokerEpoch;
      this.#refusal = '';
      this.#say(`Successfully registered broker ${registration.brokerId} with broker epoch ${this.#epoch}`);
    } else this.#refused(reason || `the controller returned error ${errorName(answer.errorCode)}`);
    return answer.errorCode;
  }

  /** The same reason is said once. */
  #refused(reason: string): void {
    if (this.#refusal === reason || this.#stopped) return;
    this.#refusal = reason;
    this.#say(`Unable to register broker ${this.#options.registration.brokerId} because ${reason}`);
  }

  /** Null when the controller did not answer or has another one by now; the caller tries again. */
  async #heartbeat(wantShutDown: boolean): Promise<HeartbeatAnswer | null> {
    const { registration, logger } = this.#options;
    // One that waits for another controller would be there after the one that gets this broker released.
    const isWanted = (): boolean => wantShutDown || !this.#isLeaving;
    if (!isWanted()) return null;
    try {
      const answer = await this.#inTime(this.#sendHeartbeat(wantShutDown, isWanted));
      if (answer.errorCode === ErrorCode.NONE) {
        this.#unknown = false;
        return answer;
      }
      const isUnknown =
        answer.errorCode === ErrorCode.STALE_BROKER_EPOCH || answer.errorCode === ErrorCode.BROKER_ID_NOT_REGISTERED;
      this.#unknown = isUnknown;
      if (isUnknown && isWanted() && !wantShutDown) await this.#register();
      return null;
    } catch (error) {
      if (!isWanted()) return null;
      logger.warn(`Broker ${registration.brokerId} sent a heartbeat that failed: ${String((error as Error).message)}`);
      return null;
    }
  }

  #sendHeartbeat(wantShutDown: boolean, isWanted: () => boolean): Promise<HeartbeatAnswer> {
    const { channel, registration, appliedOffset, offlineLogDirs } = this.#options;
    const heartbeat = {
      brokerId: registration.brokerId,
      brokerEpoch: this.#epoch,
      currentMetadataOffset: appliedOffset(),
      wantFence: this.#wantFence,
      wantShutDown,
      offlineLogDirs: offlineLogDirs(),
      cordonedLogDirs: this.#wantFence ? null : [],
    };
    return channel.send(brokerHeartbeatRequest, brokerHeartbeatResponse, HEARTBEAT_VERSION, heartbeat, isWanted);
  }

  /** Test harnesses wait for these very lines. */
  #say(line: string): void {
    this.#options.logger.info(`[BrokerLifecycleManager id=${this.#options.registration.brokerId}] ${line}`);
  }

  #scheduleNext(afterMs: number): void {
    if (this.#isLeaving || this.#stopped) return;
    const delayMs = this.#hurried ? 0 : afterMs;
    this.#hurried = false;
    this.#timer = this.#options.runtime.timers.after(delayMs, () => this.#beat());
  }

  #beat(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const { heartbeatIntervalMs } = this.#options;
    const retryMs = Math.min(HEARTBEAT_RETRY_MS, heartbeatIntervalMs);
    void this.#heartbeat(false).then((answer) => this.#scheduleNext(answer === null ? retryMs : heartbeatIntervalMs));
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
