import { describe, expect, it } from 'vitest';
import { LogLevels } from '../../src/base/log-levels.ts';
import { createLogger } from '../../src/base/logger.ts';

describe('the level of a logger', () => {
  it('is its own, else that of the nearest package above, else the root\u2019s', () => {
    const levels = new LogLevels('INFO');
    levels.set('kafka.server', 'DEBUG');
    levels.set('kafka.server.metadata.Deep', 'ERROR');
    const of = ['kafka.server.metadata.Deep', 'kafka.server.metadata', 'kafka.server', 'kafka.serverless', 'kafka'];
    expect(of.map((name) => levels.levelOf(name))).toEqual(['ERROR', 'DEBUG', 'DEBUG', 'INFO', 'INFO']);
    levels.set('root', 'WARN');
    levels.unset('kafka.server');
    expect(of.map((name) => levels.levelOf(name))).toEqual(['ERROR', 'WARN', 'WARN', 'WARN', 'WARN']);
  });

  it('changes for all loggers that were named by one another, while they are in use', () => {
    const lines: string[] = [];
    const logger = createLogger({ name: 'a', nowMs: () => 0, write: (line) => lines.push(line.slice(26, -1)) });
    const other = logger.named('a.b').named('c');
    other.debug('unheard');
    logger.levels?.set('c', 'DEBUG');
    other.debug('heard');
    logger.debug('unheard');
    expect(lines).toEqual(['DEBUG heard (c)']);
    expect(logger.levels?.all()).toEqual([
      ['root', 'INFO'],
      ['a', 'INFO'],
      ['a.b', 'INFO'],
      ['c', 'DEBUG'],
    ]);
  });
});
