/** From the words of a command to a client: which brokers, which properties, how patient. */
import { ClientLink } from '../client/client-link.ts';
import { ClusterView } from '../client/cluster-view.ts';
import type { ClientSettings } from '../client/settings.ts';
import type { ConfigValues } from '../config/config-values.ts';
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

export type ClientKind = 'admin' | 'producer' | 'consumer';

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
        cause: error,
      },
    );
  }
  return new Map(parseProperties(content.toString('latin1')));
}

/** Checks properties as Kafka's client of that kind does; undefined when there are none, which loads nothing. */
export async function checkProperties(
  kind: ClientKind,
  properties: ReadonlyMap<string, string>,
): Promise<ConfigValues | undefined> {
  if (properties.size === 0) return undefined;
  const { ConfigValues: Values } = await import('../config/config-values.ts');
  const keys = await import('../config/client-keys.ts');
  const rows = kind === 'admin' ? keys.ADMIN_KEYS : kind === 'producer' ? keys.PRODUCER_KEYS : keys.CONSUMER_KEYS;
  const complete = new Map(properties);
  for (const name of ['key.serializer', 'value.serializer', 'key.deserializer', 'value.deserializer']) {
    if (rows.has(name) && !complete.has(name)) complete.set(name, 'bytes');
  }
  if (!complete.has('bootstrap.servers')) complete.set('bootstrap.servers', 'unset:1');
  return new Values(rows, complete);
}

/** The settings that properties give; what they do not name keeps its default. */
function settingsFrom(values: ConfigValues | undefined): Partial<ClientSettings> {
  if (values === undefined) return {};
  const settings: { -readonly [K in keyof ClientSettings]?: ClientSettings[K] } = {};
  const number = (name: string): number | undefined =>
    values.keys.has(name) && values.isGiven(name) ? values.number(name) : undefined;
  const request = number('request.timeout.ms');
  const api = number('default.api.timeout.ms');
  const backoff = number('retry.backoff.ms');
  const backoffMax = number('retry.backoff.max.ms');
  const age = number('metadata.max.age.ms');
  if (request !== undefined) settings.requestTimeoutMs = request;
  if (api !== undefined) settings.apiTimeoutMs = api;
  if (backoff !== undefined) settings.retryBackoffMs = backoff;
  if (backoffMax !== undefined) settings.retryBackoffMaxMs = backoffMax;
  if (age !== undefined) settings.metadataMaxAgeMs = age;
  if (values.isGiven('client.id')) settings.clientId = values.text('client.id');
  return settings;
}

function refuseSecurity(values: ConfigValues | undefined): void {
  const protocol = values?.isGiven('security.protocol') ? values.text('security.protocol') : 'PLAINTEXT';
  if (protocol === 'PLAINTEXT') return;
  throw new CommandError(`security.protocol ${protocol} is not supported yet`, {
    stage: 'start',
    hint: 'use a PLAINTEXT listener',
  });
}

export interface ConnectOptions {
  readonly bootstrap: string;
  readonly clientId: string;
  readonly values?: ConfigValues | undefined;
  readonly settings?: Partial<ClientSettings>;
}

export function connect(context: CommandContext, options: ConnectOptions): ClusterView {
  refuseSecurity(options.values);
  const strict = context.manner === 'strict';
  const given = settingsFrom(options.values);
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
  const values = await checkProperties('admin', properties);
  return connect(context, { bootstrap, clientId: 'adminclient-1', values, settings });
}
