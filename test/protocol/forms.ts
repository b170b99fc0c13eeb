/** The two forms of the codec behind one face, so that tests can hold them against each other. */
import {
  closureDecoder,
  closureEncoder,
  type DecodeFunction,
  type EncodeFunction,
  generatedDecoder,
  generatedEncoder,
} from '../../src/protocol/compiler/compile.ts';
import { planMessage } from '../../src/protocol/compiler/plan.ts';
import { Writer } from '../../src/protocol/compiler/writer.ts';
import { ProtocolError } from '../../src/protocol/kafka-error.ts';
import type { Message } from '../../src/protocol/schema.ts';

export interface Form {
  readonly name: string;
  /** `scratchBytes`: the size that the scratch buffer begins with. */
  encode(value: unknown, scratchBytes?: number): Buffer;
  /** The bytes behind `end` are there to be read by mistake. */
  decode(bytes: Buffer, end?: number): unknown;
}

export function formsOf(message: Message, version: number): readonly [generated: Form, closures: Form] {
  const plan = planMessage(message, version);
  const decode = generatedDecoder(plan, version);
  const encode = generatedEncoder(plan, version);
  if (decode === null || encode === null) throw new Error('this process forbids code generation');
  return [formOf('generated', encode, decode), formOf('closures', closureEncoder(plan, version), closureDecoder(plan))];
}

function formOf(name: string, encode: EncodeFunction, decode: DecodeFunction): Form {
  const writer = new Writer();
  return {
    name,
    encode(value, scratchBytes) {
      if (scratchBytes !== undefined) writer.buffer = Buffer.alloc(scratchBytes);
      writer.start();
      encode(writer, value);
      return writer.finish(Buffer.alloc);
    },
    decode(bytes, end = bytes.length) {
      const cursor = { position: -1 };
      const value = decode(bytes, 0, end, cursor);
      if (cursor.position > end) throw new RangeError('read beyond the end');
      if (cursor.position < end) throw new ProtocolError('left over');
      return value;
    },
  };
}
