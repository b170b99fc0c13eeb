/** From the words of a command to a client: which brokers, which properties, how patient. */

import { EXIT } from '../base/kts-error.ts';
import { ClusterView } from '../client/cluster-view.ts';
import type { ClientKind, ClientValues } from '../client/config/client-config.ts';
import type { ClientSettings } from '../client/settings.ts';
import { ClientLink } from '../network/client-link.ts';
import { AdvertisedWatch } from './advertised.ts';
import type { CommandContext } from './command.ts';
import { CommandError, usageError } from './command-error.ts';
import { defaultBootstrap, defaultClientConfig } from './defaults.ts';
import type { ParsedOptions } from './parser/parsed-options.ts';

const DEFAULT_BOOTSTRAP = 'localhost:9092';
/** How long the first connection may take while nobody listens. A person waits less gladly than a script. */
const OWN_PATIENCE_MS = 1_500;
const STRICT_PATIENCE_MS = 10_000;

/** The brokers to ask first. `strictMissing` is what Kafka's tool says when none are named. */
export function bootstrapOf(context: CommandContext, options: ParsedOptions, strictMissing: string): string {
  const given = options.value('bootstrap-server');
  if (given !== undefined) return given;
  if (context.manner === 'strict') throw usageError(strictMissing);
  return defaultBootstrap(context) ?? DEFAULT_BOOTSTRAP;
}

/** The properties of a client: of the named file, else in the own manner those of the profile. */
export async function clientProperties(
  context: CommandContext,
  file: string | undefined,
): Promise<Map<string, string>> {
  const given = file ?? defaultClientConfig(context);
  if (given === undefined) return new Map();
  return typeof given === 'string'
    ? readPropertiesFile(context, given)
    : new Map(Object.entries(given).map(([key, value]) => [key, String(value)]));
}

/** Reads a properties file of a client. */
export async function readPropertiesFile(context: CommandContext, path: string): Promise<Map<string, string>> {
  const { parseProperties } = await import('../config/properties.ts');
  let content: Buffer;
  try {
    content = context.runtime.files.readFileSync(path);
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CommandError(
      absent ? `there is no file ${path}` : `${path} cannot be read: ${(error as Error).message}`,
      {
        stage: 'start',
        strictText: path,
        exception: 'java.nio.file.NoSuchFileException',
        hint: 'name a file of key=value lines',
        ...(absent ? { exitCode: EXIT.notFound } : {}),
        cause: error,
      },
    );
  }
  return new Map(parseProperties(content.toString('latin1')));
}

/** Properties that were checked, and what they mean for the connections. */
export interface CheckedProperties {
  readonly values: ClientValues;
  readonly settings: Partial<ClientSettings>;
}

/**
 * Checks properties as Kafka's client of that kind does; undefined when there are none, which loads nothing. In the own
 * manner, what has no effect is said once.
 */
export async function checkProperties(
  context: CommandContext,
  kind: ClientKind,
  properties: ReadonlyMap<string, string>,
): Promise<CheckedProperties | undefined> {
  if (properties.size === 0) return undefined;
  const { clientReport, clientSettings, clientValues } = await import('../client/config/client-config.ts');
  const values = clientValues(kind, properties);
  refuseSecurity(values);
  const settings = clientSettings(values);
  if (context.manner === 'own') for (const line of clientReport(values)) context.output.err(`kts: ${line}\n`);
  return { values, settings };
}

function refuseSecurity(values: ClientValues): void {
  const protocol = values.text('security.protocol') ?? 'PLAINTEXT';
  if (protocol === 'PLAINTEXT') return;
  throw new CommandError(`security.protocol ${protocol} is not supported yet`, {
    stage: 'start',
    hint: 'use a PLAINTEXT listener',
  });
}

export interface ConnectOptions {
  readonly bootstrap: string;
  readonly clientId: string;
  readonly checked?: CheckedProperties | undefined;
  readonly settings?: Partial<ClientSettings>;
}

export function connect(context: CommandContext, options: ConnectOptions): ClusterView {
  const strict = context.manner === 'strict';
  const given = options.checked?.settings ?? {};
  const patience = strict ? Math.min(given.apiTimeoutMs ?? STRICT_PATIENCE_MS, STRICT_PATIENCE_MS) : OWN_PATIENCE_MS;
  const watch =
    context.giveUp === undefined ? undefined : new AdvertisedWatch(context, options.bootstrap, context.giveUp);
  const cluster = new ClusterView({
    runtime: context.runtime,
    openLink: watch === undefined ? ClientLink.open : watch.around(ClientLink.open),
    settings: {
      clientId: options.clientId,
      bootstrapPatienceMs: patience,
      ...given,
      ...options.settings,
      bootstrapServers: options.bootstrap,
    },
  });
  if (watch !== undefined) watch.cluster = cluster;
  return cluster;
}

/** The client of an administrator's command: --bootstrap-server and --command-config. */
export async function connectAdmin(
  context: CommandContext,
  options: ParsedOptions,
  strictMissing: string,
  settings: Partial<ClientSettings> = {},
): Promise<ClusterView> {
  const bootstrap = bootstrapOf(context, options, strictMissing);
  const properties = await clientProperties(context, options.value('command-config'));
  const checked = await checkProperties(context, 'admin', properties);
  return connect(context, { bootstrap, clientId: 'adminclient-1', checked, settings });
}
