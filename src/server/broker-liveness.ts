/**
 * Notices at once that a broker is gone, where that can be known: the connection that carried its heartbeats ends, and
 * its listener refuses a new one, so no process is there any more. The active controller then fences it without waiting
 * for its session. One that becomes active asks every unfenced broker in the same way. Anything but a refusal proves
 * nothing: a hung or cut-off broker goes by its session, as in Kafka.
 *
 * A broker that is back before anybody has asked need not wait for the session of its predecessor either: whoever holds
 * the same directories, which are locked, and listens at the same address has taken its place, unless the predecessor
 * is still connected.
 */
import type { Logger } from '../base/logger.ts';
import { fenceLostBroker } from '../controller/brokers/lost-broker.ts';
import type { Controller } from '../controller/controller.ts';
import type { BrokerRegistration } from '../metadata/image.ts';
import { type Address, addressText } from '../network/address.ts';
import type { ApiRow, RequestContext } from '../network/handler.ts';
import { ApiKey } from '../protocol/api-keys.ts';
import type { BrokerRegistrationRequest } from '../protocol/messages/broker-registration.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { probe } from './probe.ts';

export interface BrokerLivenessOptions {
  readonly controller: Pick<Controller, 'isActive' | 'image' | 'submit'>;
  /** Its listener is the one that is asked. A broker without it is gone when all of its listeners refuse. */
  readonly interBrokerListenerName: string;
  /** The broker of this very process is not asked. */
  readonly nodeId: number;
  readonly runtime: Pick<Runtime, 'sockets' | 'timers'>;
  readonly logger: Logger;
}

/**
 * When the listener is asked after the end of a connection. The kernel closes the sockets of a process that dies one
 * after the other, so that its listener may outlive the connection for a moment.
 */
const PROBE_DELAYS_MS: readonly number[] = [0, 10, 50, 200, 1000];

export class BrokerLiveness {
  readonly #options: BrokerLivenessOptions;
  /** The connection that each broker was last heard over. */
  readonly #heardOver = new Map<number, string>();
  #stopped = false;

  constructor(options: BrokerLivenessOptions) {
    this.#options = options;
  }

  /** The same rows; those that brokers report with are watched. */
  watch(rows: readonly ApiRow[]): ApiRow[] {
    const watched: readonly number[] = [ApiKey.BrokerRegistration, ApiKey.BrokerHeartbeat];
    return rows.map((row) => (watched.includes(row.apiKey) ? this.#watchRow(row) : row));
  }

  #watchRow(row: ApiRow): ApiRow {
    return {
      ...row,
      handle: async (request, context) => {
        if (row.apiKey === ApiKey.BrokerRegistration) await this.#replaceFormer(request as BrokerRegistrationRequest);
        const answer = await row.handle(request, context);
        // Not before: one that is refused, by its incarnation or its epoch, is none that could be missed.
        this.#heard((request as { readonly brokerId: number }).brokerId, context);
        return answer;
      },
    };
  }

  async #replaceFormer({ brokerId, incarnationId, logDirs, listeners }: BrokerRegistrationRequest): Promise<void> {
    const { controller, logger } = this.#options;
    const former = controller.image.brokers.get(brokerId);
    if (former === undefined || former.fenced || former.incarnationId === incarnationId) return;
    if (!controller.isActive || this.#heardOver.has(brokerId)) return;
    const isThere = this.#addressesOf(former).every((address) =>
      listeners.some(({ host, port }) => host === address.host && port === address.port),
    );
    const hasAll = former.logDirs.length > 0 && former.logDirs.every((id) => logDirs.includes(id));
    if (!isThere || !hasAll) return;
    logger.info(`Fencing broker ${brokerId}: another process has taken over its directories and its address`);
    await this.#submitFence(former);
  }

  #heard(brokerId: number, context: RequestContext): void {
    const { connectionId } = context;
    if (brokerId === this.#options.nodeId || this.#heardOver.get(brokerId) === connectionId) return;
    this.#heardOver.set(brokerId, connectionId);
    context.onConnectionClosed(() => {
      if (this.#heardOver.get(brokerId) !== connectionId) return;
      this.#heardOver.delete(brokerId);
      this.#suspect(brokerId);
    });
  }

  /** This controller is the active one now: brokers may have gone while nobody was. */
  becameActive(): void {
    // Behind the step in which the controller takes over.
    this.#options.runtime.timers.soon(() => {
      for (const broker of this.#options.controller.image.brokers.values()) {
        if (!this.#heardOver.has(broker.id)) this.#suspect(broker.id);
      }
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  #suspect(brokerId: number): void {
    const broker = this.#options.controller.image.brokers.get(brokerId);
    if (broker === undefined || brokerId === this.#options.nodeId) return;
    void this.#examine(broker);
  }

  async #examine(broker: BrokerRegistration): Promise<void> {
    const { logger } = this.#options;
    const addresses = this.#addressesOf(broker);
    if (addresses.length === 0) return;
    const where = addresses.map(addressText).join(', ');
    for (const delayMs of PROBE_DELAYS_MS) {
      if (delayMs > 0) await this.#pause(delayMs);
      if (!this.#isSuspect(broker)) return;
      const outcomes = await Promise.all(addresses.map((one) => probe(this.#options.runtime.sockets, one)));
      if (outcomes.every((outcome) => outcome === 'refused')) return this.#fence(broker, where);
      if (!outcomes.includes('answered')) return;
    }
    logger.debug(`Broker ${broker.id} is not connected but listens at ${where}`);
  }

  /** It has not been heard of again, and it is for this node to say what that means. */
  #isSuspect({ id, epoch }: BrokerRegistration): boolean {
    const { controller } = this.#options;
    if (this.#stopped || !controller.isActive || this.#heardOver.has(id)) return false;
    const broker = controller.image.brokers.get(id);
    return broker !== undefined && broker.epoch === epoch && !broker.fenced;
  }

  async #fence(broker: BrokerRegistration, where: string): Promise<void> {
    const { logger } = this.#options;
    if (!this.#isSuspect(broker)) return;
    logger.info(`Fencing broker ${broker.id}: it is not connected, and nobody listens at ${where}`);
    await this.#submitFence(broker);
  }

  async #submitFence(broker: BrokerRegistration): Promise<void> {
    const { controller, logger } = this.#options;
    try {
      await controller.submit('fenceLostBroker', (context) => fenceLostBroker(context, broker.id, broker.epoch));
    } catch (error) {
      // The session tells the next controller.
      logger.info(`Broker ${broker.id} was not fenced: ${String((error as Error).message)}`);
    }
  }

  /** Listeners for clients may be meant for another network, so that a refusal of one of them proves nothing. */
  #addressesOf({ endpoints }: BrokerRegistration): readonly Address[] {
    const { interBrokerListenerName } = this.#options;
    const own = endpoints.find(({ name }) => name === interBrokerListenerName);
    return own === undefined ? endpoints : [own];
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.runtime.timers.after(ms, resolve, { unref: true }));
  }
}
