/**
 * Records as JSON, YAML, CSV and in tables, as they come: one JSON object per line, one YAML document per record. What is
 * null is null, what is empty is an empty text, and bytes that are no text are named as such, so that the three stay apart.
 */
import { isUtf8 } from 'node:buffer';
import type { RecordCursor } from '../../protocol/record.ts';
import { csvCell } from '../show/csv.ts';
import type { Paint } from '../show/paint.ts';
import type { Format } from '../show/shown.ts';
import { drawTable } from '../show/table.ts';
import { yamlText } from '../show/yaml.ts';
import type { BulkOutput } from './bulk-output.ts';
import type { FormatRecord } from './formatter.ts';

/** Rows that are drawn together, so that their columns fit each other. */
const ROWS_TOGETHER = 500;

type Datum = string | null | { readonly base64: string };

function datum(bytes: Buffer | null): Datum {
  if (bytes === null) return null;
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') };
}

/** Beyond the last date that there is a number is all that can be said. */
function timeText(ms: number): string | number | null {
  if (ms < 0) return null;
  return ms > 8.64e15 ? ms : new Date(ms).toISOString();
}

function recordData(record: RecordCursor, partition: number, topic: string) {
  return {
    topic,
    partition,
    offset: record.offset,
    timestamp: timeText(record.timestamp),
    timestampType: record.isLogAppendTime ? 'LogAppendTime' : 'CreateTime',
    headers: record.headers.map((header) => ({ key: header.key, value: datum(header.value) })),
    key: datum(record.key),
    value: datum(record.value),
  };
}

function cell(value: Datum): string | null {
  return value === null || typeof value === 'string' ? value : `base64:${value.base64}`;
}

export interface RecordFormat {
  readonly format: FormatRecord;
  /** What is gathered leaves. */
  readonly flush: () => void;
  /** Whether something is gathered. */
  readonly holds?: () => boolean;
}

const COLUMNS = ['topic', 'partition', 'offset', 'timestamp', 'key', 'value'] as const;

function csv(put: (text: string) => void): RecordFormat {
  let isFirst = true;
  return {
    format: (record, partition, topic) => {
      if (isFirst) put(`${COLUMNS.join(',')},headers\n`);
      isFirst = false;
      const data = recordData(record, partition, topic);
      const headers = data.headers.length === 0 ? null : JSON.stringify(data.headers);
      const cells = [topic, partition, data.offset, data.timestamp, cell(data.key), cell(data.value), headers];
      put(`${cells.map(csvCell).join(',')}\n`);
    },
    flush: () => undefined,
  };
}

export interface TableSettings {
  readonly paint: Paint;
  readonly columns: number | undefined;
}

/** Drawn in pieces, whenever no more records wait; columns only ever grow. */
function table(put: (text: string) => void, settings: TableSettings): RecordFormat {
  let rows: (string | number | null)[][] = [];
  let widths: readonly number[] | undefined;
  const flush = (): void => {
    if (rows.length === 0) return;
    const columns = [
      { head: 'PARTITION', key: 'partition', right: true },
      { head: 'OFFSET', key: 'offset', right: true },
      { head: 'TIME', key: 'timestamp', mark: () => 'dim' as const },
      { head: 'KEY', key: 'key', mark: () => 'name' as const },
      { head: 'VALUE', key: 'value' },
    ];
    const drawn = drawTable(
      { columns, rows },
      { ...settings, withoutHead: widths !== undefined, ...(widths === undefined ? {} : { widths }) },
    );
    // The last column needs no room behind it.
    widths = drawn.widths.slice(0, -1);
    rows = [];
    put(drawn.text);
  };
  return {
    format: (record, partition, topic) => {
      const data = recordData(record, partition, topic);
      rows.push([partition, data.offset, data.timestamp, cell(data.key), cell(data.value)]);
      if (rows.length >= ROWS_TOGETHER) flush();
    },
    flush,
    holds: () => rows.length > 0,
  };
}

export function recordFormat(
  format: Exclude<Format, 'text'>,
  output: BulkOutput,
  settings: TableSettings,
): RecordFormat {
  const put = (text: string): void => {
    const bytes = Buffer.from(text);
    output.bytes(bytes, 0, bytes.length);
  };
  const nothing = () => undefined;
  if (format === 'csv') return csv(put);
  if (format === 'table') return table(put, settings);
  if (format === 'yaml') {
    return {
      format: (record, partition, topic) => put(`---\n${yamlText(recordData(record, partition, topic))}`),
      flush: nothing,
    };
  }
  return {
    format: (record, partition, topic) => put(`${JSON.stringify(recordData(record, partition, topic))}\n`),
    flush: nothing,
  };
}
