/** BROKER_LOGGER configs, which are the node's own levels. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger, type Logger } from '../../../src/base/logger.ts';
import { alterLoggers, describeLoggers, type LoggerChange } from '../../../src/broker/handlers/broker-loggers.ts';
import { KafkaError } from '../../../src/protocol/kafka-error.ts';
import { LineLogger } from '../../storage/support.ts';

let logger: Logger;

beforeEach(() => {
  logger = createLogger({ name: 'kafka.server.KafkaApis', nowMs: () => 0, write: () => {} });
  logger.named('kafka.log.LogManager');
});

const levels = (names: readonly string[] | null = null) =>
  describeLoggers(logger, names).map(({ name, value }) => `${name}=${value}`);

function alter(changes: readonly LoggerChange[], validateOnly = false): string | null {
  try {
    alterLoggers(logger, changes, validateOnly);
    return null;
  } catch (error) {
    if (error instanceof KafkaError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const SET = { configOperation: 0 } as const;
const DELETE = { configOperation: 1, value: null } as const;

describe('log levels', () => {
  it('are listed with the root first, or as asked for', () => {
    expect(levels()).toEqual(['root=INFO', 'kafka.log.LogManager=INFO', 'kafka.server.KafkaApis=INFO']);
    expect(levels(['root', 'x'])).toEqual(['root=INFO']);
  });

  it('are set and taken back', () => {
    expect(
      alter([
        { name: 'kafka.log.LogManager', value: 'TRACE', ...SET },
        { name: 'root', value: 'WARN', ...SET },
      ]),
    ).toBe(null);
    expect(levels()).toEqual(['root=WARN', 'kafka.log.LogManager=TRACE', 'kafka.server.KafkaApis=WARN']);
    expect(alter([{ name: 'kafka.log.LogManager', ...DELETE }])).toBe(null);
    expect(levels(['kafka.log.LogManager'])).toEqual(['kafka.log.LogManager=WARN']);
  });

  it.each([
    [{ name: 'no.such', value: 'INFO', ...SET }, '40 Logger no.such does not exist!'],
    [{ name: 'root', ...DELETE }, '42 Removing the log level of the root logger is not allowed'],
    [
      { name: 'root', value: 'WARN', configOperation: 2 },
      '42 APPEND operation is not allowed for the BROKER_LOGGER resource',
    ],
    [
      { name: 'root', value: 'loud', ...SET },
      '40 Cannot set the log level of root to loud as it is not a supported log level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN',
    ],
  ])('refuses %j, and the changes beside it', (change, message) => {
    expect(alter([{ name: 'kafka.log.LogManager', value: 'DEBUG', ...SET }, change])).toBe(message);
    expect(levels(['kafka.log.LogManager'])).toEqual(['kafka.log.LogManager=INFO']);
  });

  it('stay as they are when the request only asks whether it would do', () => {
    expect(alter([{ name: 'root', value: 'WARN', ...SET }], true)).toBe(null);
    expect(levels(['root'])).toEqual(['root=INFO']);
  });

  it('cannot be had of a node that writes no log', () => {
    logger = new LineLogger();
    expect([levels(), alter([])]).toEqual([[], '42 This node writes no log.']);
  });
});
