/** Our controller over a log in memory and a clock that the script moves. */
import { BrokerConfig } from '../../../src/config/broker-config.ts';
import { ConfigRules } from '../../../src/config/config-rules.ts';
import { controllerHandlers } from '../../../src/controller/handlers/controller-handlers.ts';
import type { MetadataRecord } from '../../../src/metadata/records.ts';
import type { Api } from '../../../src/network/api.ts';
import { handlerTable } from '../../../src/network/handler.ts';
import type { Message } from '../../../src/protocol/schema.ts';
import { LocalControllerChannel } from '../../../src/server/local-controller-channel.ts';
import { Harness } from '../harness.ts';
import { type Release, SESSION_TIMEOUT_MS, type Target } from './world.ts';

const HEARTBEAT_INTERVAL_MS = 500;

export class KtsTarget implements Target {
  readonly #harness: Harness;
  readonly #channel: LocalControllerChannel;

  private constructor(harness: Harness) {
    this.#harness = harness;
    const { controller, raft } = harness;
    const table = handlerTable(controllerHandlers({ controller, raft, describeConfigs: null }));
    this.#channel = new LocalControllerChannel({ table, listenerName: 'CONTROLLER', nodeId: 1 });
  }

  /** A cluster formatted for that release. */
  static async started({ levels, kraftVersion }: Release): Promise<KtsTarget> {
    const properties = new Map([
      ['process.roles', 'controller'],
      ['node.id', '1'],
      ['controller.quorum.bootstrap.servers', 'localhost:9093'],
      ['controller.listener.names', 'CONTROLLER'],
      ['listeners', 'CONTROLLER://localhost:9093'],
    ]);
    const harness = new Harness({
      levels,
      config: { brokerSessionTimeoutMs: SESSION_TIMEOUT_MS },
      configRules: new ConfigRules(BrokerConfig.from(properties)),
    });
    harness.raft.level = kraftVersion;
    harness.controller.start();
    return new KtsTarget(harness);
  }

  async send<In, Out>(which: Api<In, Out>, version: number, value: In): Promise<Out> {
    const { request, response } = which as { readonly request: Message; readonly response: Message };
    return (await this.#channel.send(request, response, version, value as never)) as Out;
  }

  async takeRecords(): Promise<readonly MetadataRecord[]> {
    return this.#harness.raft.log.splice(0).flat();
  }

  async silence(ids: readonly number[], heartbeat: () => Promise<void>): Promise<void> {
    const { controller, time } = this.#harness;
    while (ids.some((id) => controller.image.brokers.get(id)?.fenced === false)) {
      time.advance(HEARTBEAT_INTERVAL_MS);
      await heartbeat();
    }
  }
}
