/**
 * Topics that come into being because somebody uses them: those of clients (auto.create.topics.enable) and the internal
 * ones of the coordinators. Several requests for one topic at once are one creation.
 */
import type { Logger } from '../base/logger.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import { createTopicsRequest, createTopicsResponse } from '../protocol/messages/create-topics.ts';
import type { Encodable } from '../protocol/schema.ts';
import type { ControllerChannel } from './services.ts';

type CreatableTopic = Encodable<typeof createTopicsRequest>['topics'][number];

export const CONSUMER_OFFSETS_TOPIC = '__consumer_offsets';
const CREATE_TIMEOUT_MS = 30_000;
/** Names are made up by clients, so what is remembered of them is bounded. */
const MAX_SAID = 1000;

export class AutoTopicCreation {
  readonly #channel: ControllerChannel;
  readonly #config: BrokerConfig;
  readonly #logger: Logger;
  /** Outcomes under way, by topic. */
  readonly #creating = new Map<string, Promise<number>>();
  /** What was said already, so that a client that retries does not fill the log. */
  readonly #said = new Set<string>();

  constructor(options: {
    readonly channel: ControllerChannel;
    readonly config: BrokerConfig;
    readonly logger: Logger;
  }) {
    this.#channel = options.channel;
    this.#config = options.config;
    this.#logger = options.logger;
  }

  /** A wire error code for each name; TOPIC_ALREADY_EXISTS counts as success. */
  async create(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const outcomes = new Map<string, number>();
    await Promise.all(names.map(async (name) => outcomes.set(name, await this.#createOnce(name))));
    return outcomes;
  }

  #createOnce(name: string): Promise<number> {
    let creating = this.#creating.get(name);
    if (!creating) {
      creating = this.#createTopic(name).finally(() => this.#creating.delete(name));
      this.#creating.set(name, creating);
    }
    return creating;
  }

  async #createTopic(name: string): Promise<number> {
    const topic = this.#definitionOf(name);
    try {
      const answer = await this.#channel.send(createTopicsRequest, createTopicsResponse, 7, {
        topics: [topic],
        timeoutMs: CREATE_TIMEOUT_MS,
      });
      const result = answer.topics[0];
      const code = result?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
      if (code === ErrorCode.NONE || code === ErrorCode.TOPIC_ALREADY_EXISTS) return ErrorCode.NONE;
      // A name that cannot be is the client's affair, and no text for a log.
      if (code !== ErrorCode.INVALID_TOPIC_EXCEPTION) {
        this.#sayOnce(name, `${errorName(code)}: ${result?.errorMessage ?? 'no reason given'}`);
      }
      return code;
    } catch (error) {
      this.#logger.error(`Auto topic creation of ${name} failed`, error);
      return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    }
  }

  #sayOnce(name: string, reason: string): void {
    if (this.#said.has(name)) return;
    if (this.#said.size >= MAX_SAID) this.#said.clear();
    this.#said.add(name);
    const hint =
      name === CONSUMER_OFFSETS_TOPIC
        ? ' (consumer groups do not work until it exists; on fewer than three brokers set offsets.topic.replication.factor=1)'
        : '';
    this.#logger.error(`Topic ${name} could not be created: ${reason}${hint}`);
  }

  #definitionOf(name: string): CreatableTopic {
    if (name === CONSUMER_OFFSETS_TOPIC) {
      return {
        name,
        numPartitions: this.#config.number('offsets.topic.num.partitions'),
        replicationFactor: this.#config.number('offsets.topic.replication.factor'),
        assignments: [],
        configs: [
          { name: 'compression.type', value: 'producer' },
          { name: 'cleanup.policy', value: 'compact' },
          { name: 'segment.bytes', value: String(this.#config.number('offsets.topic.segment.bytes')) },
        ],
      };
    }
    return { name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] };
  }
}
