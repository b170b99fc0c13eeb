/** Bytes leave in their order, whole, whatever writes them; a ticket is good once they are out. */
import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BulkOutput } from '../../../src/console/consumer/bulk-output.ts';
import { BackgroundWriter } from '../../../src/runtime/background-writer.ts';
import { MemoryOutput } from '../../support/run-tool.ts';

let directory: string;
let descriptor: number;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-bulk-'));
  descriptor = fs.openSync(path.join(directory, 'out'), 'w');
});

afterEach(() => {
  fs.closeSync(descriptor);
  fs.rmSync(directory, { recursive: true });
});

function fill(output: BulkOutput): Buffer {
  const expected: Buffer[] = [];
  for (let i = 0; i < 400; i++) {
    const value = Buffer.alloc((i * 7919) % 40_000, `${i} `);
    if (i % 3 === 0) {
      output.bytes(value, 0, value.length);
      output.byte(10);
    } else output.line(value, 0, value.length, 10);
    expected.push(value, Buffer.from('\n'));
  }
  const large = Buffer.alloc(1_000_000, 'abc');
  output.line(large, 1, large.length - 1, 0);
  return Buffer.concat([...expected, large.subarray(1), Buffer.from([0])]);
}

describe('bulk output', () => {
  it('goes through the output where there is no thread', () => {
    const real = new MemoryOutput({});
    const output = new BulkOutput(real);
    const expected = fill(output);
    const { ticket } = output;
    expect(output.isWritten(ticket)).toBe(false);
    output.flush();
    expect(output.isWritten(ticket)).toBe(true);
    expect(Buffer.concat(real.chunks).equals(expected)).toBe(true);
  });

  it('goes on in a thread when it is much, as soon as that runs', async () => {
    const real = new MemoryOutput({});
    const output = new BulkOutput(Object.assign(real, { descriptor }));
    const file = path.join(directory, 'out');
    const expected = [fill(output)];
    for (let pieces = 0; pieces < 5_000 && fs.statSync(file).size === 0; pieces++) {
      for (let turns = 0; turns < 500; turns++) await turn();
      output.byte(10);
      output.flush();
      expected.push(Buffer.from('\n'));
    }
    expect(fs.statSync(file).size).toBeGreaterThan(0);
    const direct = real.chunks.length;
    expected.push(fill(output));
    const { ticket } = output;
    output.flush();
    expect(output.isWritten(ticket)).toBe(true);
    expect(real.chunks.length, 'nothing goes by its side any more').toBe(direct);
    const written = Buffer.concat([...real.chunks, fs.readFileSync(file)]);
    expect(written.equals(Buffer.concat(expected))).toBe(true);
  });

  it('hands over a piece that is not full, and waits for nobody', async () => {
    const real = new MemoryOutput({});
    const output = new BulkOutput(Object.assign(real, { descriptor }));
    const line = Buffer.from('a line');
    for (let turns = 0; fs.fstatSync(descriptor).size === 0; turns++) {
      expect(turns, 'the thread starts').toBeLessThan(10_000);
      for (let i = 0; turns < 1 && i < 400_000; i++) output.line(line, 0, line.length, 10);
      output.line(line, 0, line.length, 10);
      output.hand();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const { ticket } = output;
    while (!output.isWritten(ticket)) await new Promise<void>((resolve) => setImmediate(resolve));
    const written = Buffer.concat([...real.chunks, fs.readFileSync(path.join(directory, 'out'))]).toString();
    expect(written).toBe('a line\n'.repeat(written.length / 7));
  });

  it('meets the error of a write in the thread', () => {
    const full = fs.openSync('/dev/full', 'w');
    const writer = new BackgroundWriter(full, 1_024);
    writer.piece().fill(1);
    writer.give(1_024);
    expect(() => writer.drain()).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    expect(() => writer.give(1_024)).toThrow(/ENOSPC/);
    fs.closeSync(full);
  });

  it('meets the end of a thread that died', () => {
    const thread = Object.assign(new EventEmitter(), { unref: () => {} });
    const Worker = vi.fn(function Worker() {
      return thread;
    });
    const builtin = vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ Worker } as never);
    const writer = new BackgroundWriter(descriptor, 1_024);
    builtin.mockRestore();
    writer.piece();
    writer.give(1_024);
    thread.emit('error', new Error('out of memory'));
    expect(() => writer.give(1_024)).toThrow('out of memory');
    expect(() => writer.drain()).toThrow('out of memory');
  });
});
