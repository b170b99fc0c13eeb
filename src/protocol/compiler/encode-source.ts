/**
 * The source of an encoder for one message at one version: the counterpart of decode-source.ts. One capacity check for
 * each run of fixed fields, bytes stored directly, buffer and position in local variables.
 *
 * The names in generated code: `w` writer, `b` its buffer, `q` the buffer's length, `p` position, `k` plans for the
 * rare cases that are left to the closures.
 */
import { STRUCT_DEFAULT } from '../schema.ts';
import { FIXED_SIZE, type FieldPlan, type StructPlan } from './plan.ts';
import { at, functionName, quoted, Source } from './source.ts';

/** The helpers that generated encoders may call, by name. */
export const ENCODE_HELPERS = [
  'invalidNull',
  'notOfType',
  'lacksField',
  'recordsSize',
  'writeString',
  'writeCompactString',
  'writeVarint',
  'writeUuid',
  'isAbsentValue',
  'writeTags',
  'emptyBuffer',
] as const;

/** The most bytes of a compact length. */
const VARINT_ROOM = 5;

type Step =
  | { readonly kind: 'fixed' | 'variable'; readonly field: FieldPlan; readonly value: string }
  | { readonly kind: 'tags'; readonly struct: StructPlan; readonly members: string };

export interface EncoderSource {
  readonly body: string;
  /** What the generated code calls `k`. */
  readonly plans: readonly (FieldPlan | StructPlan)[];
}

/** The body of a function of the helpers and `k`, which returns `(w, value) => void`. */
export function encoderSource(plan: StructPlan, version: number): EncoderSource {
  const generator = new EncoderGenerator(version);
  return { body: generator.generate(plan), plans: generator.plans };
}

class EncoderGenerator {
  readonly plans: (FieldPlan | StructPlan)[] = [];
  readonly #source = new Source();
  readonly #version: number;

  constructor(version: number) {
    this.#version = version;
  }

  generate(plan: StructPlan): string {
    const source = this.#source;
    source.line('"use strict";');
    source.block(`return function ${functionName('encode', plan.name, this.#version)}(w, m)`, () => {
      source.line('let b = w.buffer, q = b.length, p = w.position;');
      this.#struct(plan, 'm');
      source.line('w.position = p;');
    });
    return source.text();
  }

  /** Emits the writing of a struct that is the value of `members`. */
  #struct(plan: StructPlan, members: string): void {
    const steps: Step[] = [];
    this.#flatten(plan, members, steps);
    this.#steps(steps);
  }

  /** Adds the steps of a struct and of those inside it that cannot be null. */
  #flatten(plan: StructPlan, members: string, steps: Step[]): void {
    this.#source.line(
      `if (typeof ${members} !== 'object' || ${members} === null) throw notOfType(${quoted(plan.path)}, 'a struct', ${members});`,
    );
    for (const field of plan.fields) {
      if (field.mode === 'absent' && !field.ignorable) this.#refuse(field, `${members}.${field.name}`);
      if (field.mode !== 'regular') continue;
      const value = this.#value(field, members);
      if (isInline(field)) this.#flatten(field.struct as StructPlan, value, steps);
      else steps.push({ kind: isFixed(field) ? 'fixed' : 'variable', field, value });
    }
    if (plan.flexible) steps.push({ kind: 'tags', struct: plan, members });
  }

  /** Emits the check that a field which this version lacks has its default. */
  #refuse(field: FieldPlan, value: string): void {
    const given = this.#source.name('v');
    this.#source.line(`const ${given} = ${value};`);
    this.#source.line(
      `if (${given} !== undefined && !(${this.#isAbsent(field, given)})) throw lacksField(${quoted(field.path)}, ${this.#version});`,
    );
  }

  /** The expression that a value, which is not undefined, is what the field is worth when it is absent. */
  #isAbsent(field: FieldPlan, value: string): string {
    const absent = field.absentValue;
    if (Array.isArray(absent)) return `Array.isArray(${value}) && ${value}.length === 0`;
    const simple = absent !== STRUCT_DEFAULT && !(absent instanceof Uint8Array);
    if (simple) return `${value} === ${literal(absent)}`;
    const struct = field.struct;
    if (absent === STRUCT_DEFAULT && struct !== null && !struct.keepUnknownTags && struct.fields.every(isFixed)) {
      const members = struct.fields.map((inner) => {
        const member = `${value}.${inner.name}`;
        return `(${member} === undefined || ${this.#isAbsent(inner, member)})`;
      });
      return `${value} !== null && ${members.join(' && ')}`;
    }
    this.plans.push(field);
    return `isAbsentValue(k[${this.plans.length - 1}], ${value})`;
  }

  #value(field: FieldPlan, members: string): string {
    const source = this.#source;
    const value = source.name('v');
    source.line(`${field.optional ? 'let' : 'const'} ${value} = ${members}.${field.name};`);
    if (field.optional) source.line(`if (${value} === undefined) ${value} = ${literal(field.absentValue)};`);
    return value;
  }

  #steps(steps: readonly Step[]): void {
    for (let first = 0; first < steps.length; ) {
      let behind = first;
      let size = 0;
      for (let step = steps[behind]; step?.kind === 'fixed'; step = steps[++behind]) size += sizeOf(step.field);
      const last = steps[behind];
      // Every variable step begins with a length, a marker or a count.
      const room = size + (last === undefined ? 0 : VARINT_ROOM);
      this.#room(`${room}`);
      let offset = 0;
      for (const step of steps.slice(first, behind)) {
        if (step.kind === 'tags') continue;
        this.#fixed(step.field, step.value, offset);
        offset += sizeOf(step.field);
      }
      if (offset > 0) this.#source.line(`p += ${offset};`);
      if (last?.kind === 'tags') this.#tags(last.struct, last.members);
      else if (last?.kind === 'variable') this.#variable(last.field, last.value);
      first = behind + 1;
    }
  }

  #room(size: string): void {
    this.#source.line(`if (p + ${size} > q) { b = w.grow(p, ${size}); q = b.length; }`);
  }

  /** After a helper has moved the writer's position or changed its buffer. */
  #reload(): void {
    this.#source.line('b = w.buffer; q = b.length;');
  }

  #fixed(field: FieldPlan, value: string, offset: number): void {
    const source = this.#source;
    const path = quoted(field.path);
    const refuseUnless = (condition: string, expected: string) =>
      source.line(`if (!(${condition})) throw notOfType(${path}, '${expected}', ${value});`);
    switch (field.primitive) {
      case 'bool':
        refuseUnless(`typeof ${value} === 'boolean'`, 'a boolean');
        source.line(`b[${at(offset)}] = ${value} ? 1 : 0;`);
        break;
      case 'int8':
        refuseUnless(`${value} << 24 >> 24 === ${value}`, 'an int8');
        source.line(`b[${at(offset)}] = ${value};`);
        break;
      case 'int16':
        refuseUnless(`${value} << 16 >> 16 === ${value}`, 'an int16');
        this.#store(value, offset, 2);
        break;
      case 'uint16':
        refuseUnless(`(${value} & 65535) === ${value}`, 'a uint16');
        this.#store(value, offset, 2);
        break;
      case 'int32':
        refuseUnless(`(${value} | 0) === ${value}`, 'an int32');
        this.#store(value, offset, 4);
        break;
      case 'uint32':
        refuseUnless(`${value} >>> 0 === ${value}`, 'a uint32');
        this.#store(value, offset, 4);
        break;
      case 'int64':
        this.#int64(value, offset, path);
        break;
      case 'bigint64':
        refuseUnless(`typeof ${value} === 'bigint' && BigInt.asIntN(64, ${value}) === ${value}`, 'a bigint of 64 bits');
        source.line(`b.writeBigInt64BE(${value}, ${at(offset)});`);
        break;
      case 'float64':
        refuseUnless(`typeof ${value} === 'number'`, 'a number');
        source.line(`b.writeDoubleBE(${value}, ${at(offset)});`);
        break;
      default:
        source.line(`writeUuid(b, ${at(offset)}, ${value}, ${path});`);
    }
  }

  #store(value: string, offset: number, size: 2 | 4): void {
    for (let i = 0; i < size; i++) {
      const shift = 8 * (size - 1 - i);
      this.#source.line(`b[${at(offset + i)}] = ${shift === 0 ? value : `${value} >>> ${shift}`};`);
    }
  }

  #int64(value: string, offset: number, path: string): void {
    const source = this.#source;
    const high = source.name('h');
    const low = source.name('l');
    source.line(`const ${low} = ${value} | 0;`);
    source.line(`let ${high};`);
    // Small values keep to integer arithmetic.
    source.line(`if (${low} === ${value}) ${high} = ${low} >> 31;`);
    source.line(`else if (Number.isSafeInteger(${value})) ${high} = Math.floor(${value} / 4294967296);`);
    source.line(`else throw notOfType(${path}, 'a safe int64', ${value});`);
    this.#store(high, offset, 4);
    this.#store(low, offset + 4, 4);
  }

  #variable(field: FieldPlan, value: string): void {
    const source = this.#source;
    const path = quoted(field.path);
    source.block(`if (${value} === null)`, () => {
      if (field.nullable) this.#null(field);
      else source.line(`throw invalidNull(${path});`);
    });
    source.block('else', () => {
      if (field.array) this.#array(field, value);
      else if (field.primitive === null) {
        source.line('b[p++] = 1;');
        this.#struct(field.struct as StructPlan, value);
      } else if (field.primitive === 'string') this.#string(field, value);
      else if (field.primitive === 'bytes') this.#bytes(field, value);
      else this.#records(field, value);
    });
  }

  #null(field: FieldPlan): void {
    const isStruct = !field.array && field.primitive === null;
    if (isStruct) this.#source.line('b[p++] = 255;');
    else if (field.flexible) this.#source.line('b[p++] = 0;');
    else {
      const size = field.primitive === 'string' && !field.array ? 2 : 4;
      for (let i = 0; i < size; i++) this.#source.line(`b[${at(i)}] = 255;`);
      this.#source.line(`p += ${size};`);
    }
  }

  #string(field: FieldPlan, value: string): void {
    const path = quoted(field.path);
    this.#source.line(`if (typeof ${value} !== 'string') throw notOfType(${path}, 'a string', ${value});`);
    this.#room(`${value}.length * 3 + ${VARINT_ROOM}`);
    this.#source.line(`p = ${field.flexible ? 'writeCompactString' : 'writeString'}(b, p, ${value}, ${path});`);
  }

  /** There is room for it already. */
  #length(field: FieldPlan, length: string): void {
    const source = this.#source;
    if (field.flexible) {
      source.line(`if (${length} < 127) b[p++] = ${length} + 1;`);
      source.line(`else p = writeVarint(b, p, ${length} + 1);`);
    } else {
      this.#store(length, 0, 4);
      source.line('p += 4;');
    }
  }

  #bytes(field: FieldPlan, value: string): void {
    const length = this.#source.name('n');
    this.#source.line(
      `if (!(${value} instanceof Uint8Array)) throw notOfType(${quoted(field.path)}, 'bytes', ${value});`,
    );
    this.#source.line(`const ${length} = ${value}.length;`);
    this.#length(field, length);
    this.#room(length);
    this.#source.line(`b.set(${value}, p);`);
    this.#source.line(`p += ${length};`);
  }

  #records(field: FieldPlan, value: string): void {
    const length = this.#source.name('n');
    this.#source.line(`const ${length} = recordsSize(${value}, ${quoted(field.path)});`);
    this.#length(field, length);
    this.#source.line(`p = w.records(p, ${length}, ${value});`);
    this.#reload();
  }

  #array(field: FieldPlan, value: string): void {
    const source = this.#source;
    const length = source.name('n');
    const index = source.name('i');
    const element = source.name('v');
    source.line(`if (!Array.isArray(${value})) throw notOfType(${quoted(field.path)}, 'an array', ${value});`);
    source.line(`const ${length} = ${value}.length;`);
    this.#length(field, length);
    const plain: FieldPlan = { ...field, array: false, nullable: false };
    const fixed = isFixed(plain);
    if (fixed) this.#room(`${length} * ${sizeOf(plain)}`);
    source.block(`for (let ${index} = 0; ${index} < ${length}; ${index}++)`, () => {
      source.line(`const ${element} = ${value}[${index}];`);
      if (field.primitive === null) this.#struct(field.struct as StructPlan, element);
      else if (!fixed) this.#steps([{ kind: 'variable', field: plain, value: element }]);
      else {
        this.#fixed(plain, element, 0);
        source.line(`p += ${sizeOf(plain)};`);
      }
    });
  }

  /** There is room for the count already. */
  #tags(plan: StructPlan, members: string): void {
    const source = this.#source;
    const given = plan.tagged.map((field) => this.#given(field, members));
    const known = () => {
      if (given.length === 0) {
        source.line('b[p++] = 0;');
        return;
      }
      source.line(`b[p++] = ${given.map(({ condition }) => `(${condition} ? 1 : 0)`).join(' + ')};`);
      for (const { field, value, condition } of given) {
        source.block(`if (${condition})`, () => this.#tagged(field, value));
      }
    };
    if (!plan.keepUnknownTags) {
      known();
      return;
    }
    source.block(`if (${members}.unknownTags === undefined)`, known);
    source.block('else', () => {
      this.plans.push(plan);
      source.line('w.position = p;');
      source.line(`writeTags(w, k[${this.plans.length - 1}], ${this.#version}, ${members});`);
      source.line('p = w.position;');
      this.#reload();
    });
  }

  /** Emits the value of a tagged field and whether it is to be written. */
  #given(field: FieldPlan, members: string): { field: FieldPlan; value: string; condition: string } {
    const value = this.#source.name('v');
    const condition = this.#source.name('g');
    this.#source.line(`const ${value} = ${members}.${field.name};`);
    this.#source.line(`const ${condition} = ${value} !== undefined && !(${this.#isAbsent(field, value)});`);
    return { field, value, condition };
  }

  #tagged(field: FieldPlan, value: string): void {
    const source = this.#source;
    const start = source.name('s');
    this.#room(`${VARINT_ROOM + 1}`);
    if (field.tag < 128) source.line(`b[p++] = ${field.tag};`);
    else source.line(`p = writeVarint(b, p, ${field.tag});`);
    source.line(`const ${start} = p++;`);
    if (isInline(field)) this.#struct(field.struct as StructPlan, value);
    else this.#steps([{ kind: isFixed(field) ? 'fixed' : 'variable', field, value }]);
    source.line(`p = w.closeTag(${start}, p);`);
    this.#reload();
  }
}

function isFixed(field: FieldPlan): boolean {
  return !field.array && field.primitive !== null && FIXED_SIZE[field.primitive] > 0;
}

/** A struct that cannot be null is written as a part of the one that holds it. */
function isInline(field: FieldPlan): boolean {
  return !field.array && field.primitive === null && !field.nullable;
}

function sizeOf(field: FieldPlan): number {
  return field.primitive === null ? 0 : FIXED_SIZE[field.primitive];
}

/** Source text of a default to encode. */
function literal(value: unknown): string {
  if (value === STRUCT_DEFAULT) return '{}';
  if (Array.isArray(value)) return '[]';
  if (value instanceof Uint8Array) return 'emptyBuffer';
  return typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
}
