/** What `storage format` is told, and what it needs of the node's configuration (BrokerConfig has it all). */
import type { Files, Random } from '../../runtime/runtime.ts';

export interface FormatOptions {
  /** --cluster-id: any text, as in Kafka. */
  readonly clusterId: string;
  /** --ignore-formatted */
  readonly ignoreFormatted: boolean;
  /** --release-version: `4.3`, `4.3-IV0`; null for the latest. */
  readonly releaseVersion: string | null;
  /** --feature, each `name=level`. */
  readonly features: readonly string[];
  /** --add-scram, each `SCRAM-SHA-256=[name=alice,password=x]`. */
  readonly addScram: readonly string[];
  readonly standalone: boolean;
  /** --initial-controllers: `id@host:port:directoryId,…`. */
  readonly initialControllers: string | null;
  readonly noInitialControllers: boolean;
}

export const NO_FORMAT_OPTIONS: Omit<FormatOptions, 'clusterId'> = {
  ignoreFormatted: false,
  releaseVersion: null,
  features: [],
  addScram: [],
  standalone: false,
  initialControllers: null,
  noInitialControllers: false,
};

export interface FormatConfig {
  readonly nodeId: number;
  readonly processRoles: ReadonlySet<'broker' | 'controller'>;
  readonly logDirs: readonly string[];
  readonly metadataLogDir: string;
  readonly controllerListenerNames: readonly string[];
  readonly quorumVoters: readonly unknown[];
  readonly advertisedControllerListeners: readonly { readonly host: string; readonly port: number }[];
}

export interface FormatRuntime {
  readonly files: Files;
  readonly random: Random;
  readonly clock: { nowMs(): number };
}
