/**
 * Registers this controller with the active one (KIP-919): once for each start of the process, as soon as the cluster's
 * metadata version knows controller registrations. What is in the image decides, so nothing has to be remembered.
 */
import type { Logger } from '../base/logger.ts';
import type { Uuid } from '../base/uuid.ts';
import type { ControllerChannel } from '../broker/services.ts';
import type { MetadataDelta } from '../metadata/delta.ts';
import { MV, SUPPORTED_FEATURES } from '../metadata/features.ts';
import { type MetadataImage, metadataVersionOf } from '../metadata/image.ts';
import type { MetadataPublisher } from '../metadata/loader.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import {
  controllerRegistrationRequest,
  controllerRegistrationResponse,
} from '../protocol/messages/controller-registration.ts';
import type { VoterEndpoint } from '../raft/voters.ts';
import type { Timers } from '../runtime/runtime.ts';

export interface ControllerRegistrationOptions {
  readonly nodeId: number;
  readonly incarnationId: Uuid;
  readonly endpoints: readonly VoterEndpoint[];
  readonly channel: ControllerChannel;
  readonly timers: Timers;
  readonly logger: Logger;
}

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 120_000;
const QUIET_BACKOFF_MS = 1000;
const PLAINTEXT = 0;

export class ControllerRegistrationSender implements MetadataPublisher {
  readonly #options: ControllerRegistrationOptions;
  #registered = false;
  #sending = false;
  #backoffMs = FIRST_BACKOFF_MS;

  constructor(options: ControllerRegistrationOptions) {
    this.#options = options;
  }

  onMetadataUpdate(_delta: MetadataDelta, image: MetadataImage): void {
    const { nodeId, incarnationId } = this.#options;
    this.#registered = image.controllers.get(nodeId)?.incarnationId === incarnationId;
    if (this.#registered || this.#sending || metadataVersionOf(image) < MV.controllerRegistration) return;
    this.#sending = true;
    void this.#send();
  }

  async #send(): Promise<void> {
    const { nodeId, incarnationId, endpoints, channel, timers, logger } = this.#options;
    try {
      const answer = await channel.send(controllerRegistrationRequest, controllerRegistrationResponse, 0, {
        controllerId: nodeId,
        incarnationId,
        zkMigrationReady: false,
        listeners: endpoints.map((endpoint) => ({ ...endpoint, securityProtocol: PLAINTEXT })),
        features: SUPPORTED_FEATURES.map(({ name, min, max }) => ({
          name,
          minSupportedVersion: min,
          maxSupportedVersion: max,
        })),
      });
      if (answer.errorCode !== ErrorCode.NONE) throw new Error(answer.errorMessage ?? errorName(answer.errorCode));
      this.#sending = false;
    } catch (error) {
      // At a start the image is there before the controller is active: that passes at once and is no news.
      const text = `This controller could not be registered yet: ${String((error as Error).message)}`;
      if (this.#backoffMs > QUIET_BACKOFF_MS) logger.warn(text);
      else logger.debug(text);
      timers.after(this.#backoffMs, () => void this.#send(), { unref: true });
      this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2);
    }
  }
}
