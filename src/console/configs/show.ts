/** Configs, quotas and credentials as data, tables and CSV. */
import { type ConfigEntry, ConfigSource } from '../../client/admin-configs.ts';
import { javaDoubleText } from '../../config/config-key.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { Cell, Mark, Sheet, Shown } from '../show/shown.ts';
import { type DescribeConfigsResult, type DescribedEntity, quotaEntityText, SOURCE_NAMES } from './describe.ts';
import { singular } from './entities.ts';

/** Where a value comes from, in few words. */
const FROM: Readonly<Record<number, string>> = {
  [ConfigSource.topic]: 'topic',
  [ConfigSource.dynamicBroker]: 'broker',
  [ConfigSource.dynamicDefaultBroker]: 'all brokers',
  [ConfigSource.staticBroker]: 'file',
  [ConfigSource.default]: 'default',
  [ConfigSource.dynamicBrokerLogger]: 'logger',
  [ConfigSource.clientMetrics]: 'client metrics',
  [ConfigSource.group]: 'group',
};

function value(entry: ConfigEntry): string {
  return entry.isSensitive ? '(hidden)' : (entry.value ?? '');
}

/** What it would be without the entry: the next value behind it. */
function otherwise(entry: ConfigEntry): string {
  const next = entry.synonyms[1];
  return next === undefined || entry.isSensitive ? '' : (next.value ?? '');
}

function title({ type, name }: DescribedEntity): string {
  return name === '' ? `all ${type}` : `${singular(type)} ${name}`;
}

const fromMark = (cell: Cell): Mark | undefined => (cell === 'default' ? 'dim' : undefined);

function entitySheet(entity: DescribedEntity): Sheet {
  return {
    title: title(entity),
    ...(entity.entries.length === 0 ? { detail: 'nothing of its own' } : {}),
    columns: [
      { head: 'CONFIG', key: 'config', mark: () => 'name' },
      { head: 'VALUE', key: 'value' },
      { head: 'FROM', key: 'source', mark: fromMark },
      { head: 'OTHERWISE', key: 'otherwise', mark: () => 'dim' },
    ],
    rows: entity.entries.map((entry) => [entry.name, value(entry), FROM[entry.source] ?? 'unknown', otherwise(entry)]),
  };
}

function entityData({ type, name, entries }: DescribedEntity) {
  return {
    type: singular(type),
    name: name === '' ? null : name,
    configs: entries.map((entry) => ({
      name: entry.name,
      value: entry.value,
      source: SOURCE_NAMES[entry.source] ?? 'UNKNOWN',
      sensitive: entry.isSensitive,
      readOnly: entry.isReadOnly,
      synonyms: entry.synonyms.map((link) => ({ ...link, source: SOURCE_NAMES[link.source] ?? 'UNKNOWN' })),
    })),
  };
}

function showQuotas({ quotas, credentials, failure }: DescribeConfigsResult): Shown {
  const rows: Cell[][] = quotas.flatMap((entity) =>
    [...entity.values].map(([key, number]) => [quotaEntityText(entity), key, javaDoubleText(number)]),
  );
  for (const { user, credentials: held } of credentials) {
    const who = `user-principal '${user}'`;
    if (held instanceof KafkaError) rows.push([who, 'SCRAM', held.message]);
    else for (const { mechanism, iterations } of held) rows.push([who, mechanism, `iterations=${iterations}`]);
  }
  const sheet: Sheet = {
    columns: [
      { head: 'WHOSE', key: 'entity', mark: () => 'name' },
      { head: 'CONFIG', key: 'config' },
      { head: 'VALUE', key: 'value' },
    ],
    rows,
  };
  const data = {
    quotas: quotas.map(({ entity, values }) => ({
      entity: Object.fromEntries(entity.map(({ type, name }) => [type, name])),
      values: Object.fromEntries(values),
    })),
    credentials: credentials.map(({ user, credentials: held }) =>
      held instanceof KafkaError ? { user, error: held.message } : { user, credentials: held },
    ),
  };
  return { data, sheets: [sheet], empty: 'no quotas, and no credentials', ...failed(failure) };
}

function failed(failure: unknown): Pick<Shown, 'failure'> {
  return failure === undefined ? {} : { failure: failure as Error };
}

export function showDescribed(result: DescribeConfigsResult): Shown {
  const { entities, quotas, credentials, failure } = result;
  if (quotas.length > 0 || credentials.length > 0 || entities.length === 0) return showQuotas(result);
  if (failure !== undefined) return { data: [], sheets: [], ...failed(failure) };
  const columns = ['type', 'name', 'config', 'value', 'source', 'sensitive'].map((key) => ({ head: key, key }));
  const rows = entities.flatMap(({ type, name, entries }) =>
    entries.map((entry): Cell[] => [
      singular(type),
      name === '' ? null : name,
      entry.name,
      entry.value,
      SOURCE_NAMES[entry.source] ?? 'UNKNOWN',
      entry.isSensitive,
    ]),
  );
  return { data: entities.map(entityData), sheets: entities.map(entitySheet), csv: { columns, rows } };
}
