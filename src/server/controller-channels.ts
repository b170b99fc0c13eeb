/**
 * The ways of this node to the active controller. Each purpose has a connection of its own, as in Kafka: a heartbeat
 * must not stand behind a request that waits for its commit.
 */
import type { Logger } from '../base/logger.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { OpenLink } from '../network/link.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { LocalControllerChannel } from './local-controller-channel.ts';
import { type ControllerAddress, RemoteControllerChannel } from './remote-controller-channel.ts';

export interface ControllerChannelsOptions {
  readonly config: BrokerConfig;
  readonly locate: () => ControllerAddress | null;
  readonly local: LocalControllerChannel | null;
  readonly runtime: Runtime;
  readonly openLink: OpenLink;
  readonly logger: Logger;
}

/** How long clients' requests are tried, as in Kafka. */
const FORWARDING_MS = 60_000;
const REGISTRATION_MS = 5_000;

export class ControllerChannels {
  /** Registration and heartbeats of the broker. */
  readonly heartbeat: RemoteControllerChannel;
  readonly alterPartition: RemoteControllerChannel;
  readonly directoryAssignments: RemoteControllerChannel;
  /** Clients' requests, and what the broker asks on their behalf. */
  readonly forwarding: RemoteControllerChannel;
  /** Of this node's controller at the active one. */
  readonly controllerRegistration: RemoteControllerChannel;
  readonly #options: ControllerChannelsOptions;
  readonly #all: RemoteControllerChannel[] = [];

  constructor(options: ControllerChannelsOptions) {
    this.#options = options;
    // Shorter than a session, or the last try of one would be the end of it.
    this.heartbeat = this.#open('heartbeat', options.config.brokerSessionTimeoutMs / 3);
    this.alterPartition = this.#open('alter-partition', Number.POSITIVE_INFINITY);
    this.directoryAssignments = this.#open('directory-assignments', Number.POSITIVE_INFINITY);
    this.forwarding = this.#open('forwarding', FORWARDING_MS);
    this.controllerRegistration = this.#open('registration', REGISTRATION_MS);
  }

  #open(purpose: string, retryTimeoutMs: number): RemoteControllerChannel {
    const { config, locate, local, runtime, openLink, logger } = this.#options;
    const channel = new RemoteControllerChannel({
      nodeId: config.nodeId,
      locate,
      local,
      runtime,
      openLink,
      logger: logger.named(`kafka.server.NodeToControllerChannelManager.${purpose}`),
      retryTimeoutMs,
      requestTimeoutMs: config.number('controller.socket.timeout.ms'),
      connectTimeoutMs: config.number('socket.connection.setup.timeout.ms'),
    });
    this.#all.push(channel);
    return channel;
  }

  controllerChanged(): void {
    for (const channel of this.#all) channel.controllerChanged();
  }

  close(): void {
    for (const channel of this.#all) channel.close();
  }
}
