/**
 * Kafka's formatters of internal topics: each record of the wanted types as one JSON text, with nothing between two. Types
 * that are not known, and records without a key, are passed over.
 */
import { EXIT } from '../../base/kts-error.ts';
import { decodeMessage } from '../../protocol/codec.ts';
import { messageJson } from '../../protocol/message-json.ts';
import * as group from '../../protocol/records/group.ts';
import * as share from '../../protocol/records/share.ts';
import * as shareGroup from '../../protocol/records/share-group.ts';
import * as transaction from '../../protocol/records/transaction.ts';
import type { Message } from '../../protocol/schema.ts';
import { CommandError } from '../command-error.ts';
import type { BulkOutput } from './bulk-output.ts';
import type { FormatRecord } from './formatter.ts';

const PACKAGE = 'org.apache.kafka.tools.consumer.';

interface Topic {
  readonly messages: readonly Message[];
  readonly isWanted: (type: number) => boolean;
}

const all = () => true;
const messagesOf = (module: object): Message[] =>
  Object.values(module).filter((value) => typeof value === 'object' && value !== null && 'kind' in value);

function topicOf(className: string): Topic | undefined {
  switch (className.startsWith(PACKAGE) ? className.slice(PACKAGE.length) : '') {
    case 'OffsetsMessageFormatter':
      return { messages: messagesOf(group), isWanted: (type) => type === 0 || type === 1 };
    case 'GroupMetadataMessageFormatter':
      return { messages: messagesOf(group), isWanted: (type) => type === 2 };
    case 'ShareGroupMessageFormatter':
      return { messages: messagesOf(shareGroup), isWanted: all };
    case 'group.share.ShareGroupStateMessageFormatter':
      return { messages: messagesOf(share), isWanted: all };
    case 'TransactionLogMessageFormatter':
      return { messages: messagesOf(transaction), isWanted: all };
    default:
      return undefined;
  }
}

/** Undefined for every other class. */
export function coordinatorFormatter(className: string, output: BulkOutput): FormatRecord | undefined {
  const topic = topicOf(className);
  if (topic === undefined) return undefined;
  const find = (kind: Message['kind']) =>
    new Map(topic.messages.flatMap((message) => (message.kind === kind ? [[message.apiKey, message]] : [])));
  const keys = find('coordinator-key');
  const values = find('coordinator-value');
  return (record) => {
    const { key, value } = record;
    if (key === null) return;
    const text = readable(record.offset, () => {
      const type = versionOf(key, 'key');
      const keyMessage = keys.get(type);
      if (keyMessage === undefined || !topic.isWanted(type)) return undefined;
      const keyJson = bodyJson(keyMessage, key, 0);
      const valueJson = value === null ? 'null' : versionedJson(values.get(type) as Message, value);
      return `{"key":{"type":${type},"data":${keyJson}},"value":${valueJson}}`;
    });
    if (text === undefined) return;
    const bytes = Buffer.from(text);
    output.bytes(bytes, 0, bytes.length);
  };
}

function versionOf(bytes: Buffer, what: string): number {
  if (bytes.length < 2) throw new RangeError(`Could not read version from ${what}'s buffer.`);
  return bytes.readInt16BE(0);
}

function versionedJson(message: Message, bytes: Buffer): string {
  const version = versionOf(bytes, 'value');
  return `{"version":${version},"data":${bodyJson(message, bytes, version)}}`;
}

/** What follows the type or version. */
function bodyJson(message: Message, bytes: Buffer, version: number): string {
  return messageJson(message, version, decodeMessage(message, version, bytes, 2));
}

function readable<T>(offset: number, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const text = `Could not read record at offset ${offset} due to: ${(cause as Error).message}`;
    throw new CommandError(`the record at offset ${offset} cannot be read: ${(cause as Error).message}`, {
      stage: 'run',
      exitCode: EXIT.failed,
      strictText: text,
      exception: 'java.lang.RuntimeException',
      hint: 'is this the topic that the formatter is for? --skip-message-on-error passes over such records',
    });
  }
}
