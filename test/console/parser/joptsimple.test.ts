/** joptsimple's grammar: what Kafka's tools take, and their words for what they do not. */
import { describe, expect, it } from 'vitest';
import { consoleProducerTable } from '../../../src/console/options/console-producer.ts';
import { consumerGroupsTable } from '../../../src/console/options/consumer-groups.ts';
import { topicsTable } from '../../../src/console/options/topics.ts';
import { parseJoptsimple } from '../../../src/console/parser/joptsimple.ts';

const topics = (...argv: string[]) => parseJoptsimple(topicsTable.options, argv);

describe('parseJoptsimple', () => {
  it('takes values behind a blank and behind =', () => {
    expect(topics('--topic', 'a').value('topic')).toBe('a');
    expect(topics('--topic=a=b').value('topic')).toBe('a=b');
    expect(topics('--topic=', 'b').value('topic')).toBe('b');
    expect(topics('--topic', '--list').value('topic')).toBe('--list');
    expect(topics('--partitions', '-5').integer('partitions')).toBe(-5);
  });

  it('takes long options with one dash', () => {
    expect(topics('-list').has('list')).toBe(true);
    expect(topics('-topic', 'a').value('topic')).toBe('a');
  });

  it('keeps stray words, and everything behind --', () => {
    expect(topics('a', '--list', '-', 'b', '--', '--topic').words).toEqual(['a', '-', 'b', '--topic']);
  });

  it('knows no abbreviations and no unknown options', () => {
    expect(() => topics('--boot', 'x')).toThrow('boot is not a recognized option');
    expect(() => topics('-l')).toThrow('l is not a recognized option');
    expect(() => topics('-xyz')).toThrow('x is not a recognized option');
  });

  it('misses the value of the last option', () => {
    expect(() => topics('--bootstrap-server')).toThrow('Option bootstrap-server requires an argument');
  });

  it('finds fault with a repeated or wrong value only when it is read', () => {
    const parsed = topics('--topic', 'a', '--topic', 'b', '--partitions', 'many');
    expect(() => parsed.value('topic')).toThrow('Found multiple arguments for option topic');
    expect(() => parsed.integer('partitions')).toThrow("Cannot parse argument 'many' of option partitions");
    expect(topics('--config', 'a=1', '--config', 'b=2').values('config')).toEqual(['a=1', 'b=2']);
  });

  it.each(['2147483648', '1.5', '', ' 1', '0x10'])('%j is no int32', (text) => {
    expect(() => topics(`--partitions`, text).integer('partitions')).toThrow('Cannot parse');
  });

  it('lets an optional value be left out', () => {
    const rows = consoleProducerTable.options;
    const codec = (...argv: string[]) => parseJoptsimple(rows, argv);
    expect(codec('--compression-codec').value('compression-codec')).toBeUndefined();
    expect(codec('--compression-codec', '--sync').has('sync')).toBe(true);
    expect(codec('--compression-codec', 'lz4').value('compression-codec')).toBe('lz4');
    expect(codec('--compression-codec', '').value('compression-codec')).toBe('');
  });

  it('refuses options that depend on another', () => {
    expect(() => parseJoptsimple(consumerGroupsTable.options, ['--list', '--verbose', '--members'])).toThrow(
      'Option(s) [members, verbose] are unavailable given other options on the command line',
    );
  });
});
