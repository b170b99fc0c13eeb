/** What was printed counts as consumed once it is written, wherever it was gathered before. */
import { expect, it } from 'vitest';
import { BulkOutput } from '../../../src/console/consumer/bulk-output.ts';
import { Printed } from '../../../src/console/consumer/printed.ts';
import { MemoryOutput } from '../../support/run-tool.ts';

function start(format?: { readonly flush: () => void; readonly holds: () => boolean }) {
  const real = new MemoryOutput({});
  const output = new BulkOutput(real);
  const marks: string[] = [];
  const consumer = {
    markConsumed: (_place: unknown, offset: number) => marks.push(`${offset} after ${Buffer.concat(real.chunks)}`),
  };
  return { output, marks, printed: new Printed(output, consumer as never, format) };
}

const piece = { topic: 't', partition: 0, nextOffset: 9, leaderEpoch: 0 } as never;

it('counts when the output has left', () => {
  const { output, marks, printed } = start();
  output.bytes(Buffer.from('row'), 0, 3);
  printed.add(piece, 4);
  expect(marks).toEqual([]);
  printed.flush();
  expect(marks).toEqual(['4 after row']);
});

it('counts rows of a table when these have left', () => {
  let rows = '';
  const begun = start({
    holds: () => rows !== '',
    flush: () => {
      begun.output.bytes(Buffer.from(rows), 0, rows.length);
      rows = '';
    },
  });
  rows = 'one';
  begun.printed.add(piece, 1);
  begun.output.bytes(Buffer.from('other '), 0, 6);
  rows = 'two';
  begun.printed.add(piece, 2);
  expect(begun.marks).toEqual([]);
  begun.printed.flush();
  expect(begun.marks).toEqual(['1 after other two', '2 after other two']);
});
