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
  encode(value: unknown): Buffer;
  decode(bytes: Buffer): unknown;
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
    encode(value) {
      writer.start();
      encode(writer, value);
      return writer.finish(Buffer.alloc);
    },
    decode(bytes) {
      const cursor = { position: -1 };
      const value = decode(bytes, 0, bytes.length, cursor);
      if (cursor.position !== bytes.length) throw new ProtocolError('left over');
      return value;
    },
  };
}
