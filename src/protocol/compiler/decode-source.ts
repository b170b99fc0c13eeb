/**
 * The source of a decoder for one message at one version: one function without calls per field, position and end in
 * local variables, one bounds check for each run of fixed fields (with the length or tag count behind it), objects
 * built by one literal of stable shape.
 *
 * The names in generated code: `b` bytes, `p` position, `e` end, `c` cursor of the helpers.
 */
import { STRUCT_DEFAULT } from '../schema.ts';
import { FIXED_SIZE, type FieldPlan, type StructPlan } from './plan.ts';
import { MAX_STRING_BYTES } from './reader.ts';
import { at, functionName, quoted, Source } from './source.ts';

/**
 * Arrays are made at their size, since a growing one begins with room for 17 elements; larger ones grow as their
 * elements really come.
 */
const PREALLOCATED = 1000;

/** The helpers that generated decoders may call, by name. */
export const DECODE_HELPERS = [
  'tooShort',
  'invalidNull',
  'lengthTooLarge',
  'stringTooLong',
  'unsafeInteger',
  'tagSizeMismatch',
  'readText',
  'readVarint',
  'skipTags',
  'readUnknownTagContent',
  'uuidFromBytes',
  'emptyBuffer',
] as const;

/** A piece of the wire: a field, or the tagged fields that end a struct. */
type Step =
  | { readonly kind: 'fixed'; readonly field: FieldPlan; readonly target: string }
  | { readonly kind: 'variable'; readonly field: FieldPlan; readonly target: string }
  | { readonly kind: 'tags'; readonly struct: StructPlan; readonly targets: ReadonlyMap<FieldPlan, string> };

/** The body of a function of the helpers, which returns `(b, p, e, c) => value`. */
export function decoderSource(plan: StructPlan, version: number): string {
  const generator = new DecoderGenerator();
  return generator.generate(plan, version);
}

class DecoderGenerator {
  readonly #source = new Source();

  generate(plan: StructPlan, version: number): string {
    const source = this.#source;
    source.line('"use strict";');
    source.block(`return function ${functionName('decode', plan.name, version)}(b, p, e, c)`, () => {
      const value = this.#struct(plan);
      source.line('c.position = p;');
      source.line(`return ${value};`);
    });
    return source.text();
  }

  /** Emits the reading of a struct; returns the expression of its value. */
  #struct(plan: StructPlan): string {
    const steps: Step[] = [];
    const value = this.#flatten(plan, steps);
    this.#steps(steps);
    return value();
  }

  /** Adds the steps of a struct and of those inside it that cannot be null; the returned function gives its literal. */
  #flatten(plan: StructPlan, steps: Step[]): () => string {
    const targets = new Map<FieldPlan, string>();
    const members: (() => string)[] = [];
    for (const field of plan.fields) {
      const key = `${field.name}: `;
      if (field.mode === 'absent') {
        members.push(() => key + absentExpression(field));
      } else if (field.mode === 'regular' && isInline(field)) {
        const literal = this.#flatten(field.struct as StructPlan, steps);
        members.push(() => key + literal());
      } else {
        const target = this.#source.name('v');
        members.push(() => key + target);
        if (field.mode === 'tagged') targets.set(field, target);
        else steps.push({ kind: isFixed(field) ? 'fixed' : 'variable', field, target });
      }
    }
    if (plan.flexible) {
      if (plan.keepUnknownTags) targets.set(UNKNOWN, this.#source.name('u'));
      steps.push({ kind: 'tags', struct: plan, targets });
    }
    return () => {
      const literal = `{ ${members.map((member) => member()).join(', ')} }`;
      const unknown = targets.get(UNKNOWN);
      return unknown === undefined
        ? literal
        : `${unknown} === undefined ? ${literal} : Object.assign(${literal}, { unknownTags: ${unknown} })`;
    };
  }

  #steps(steps: readonly Step[]): void {
    for (let first = 0; first < steps.length; ) {
      let behind = first;
      let size = 0;
      for (let step = steps[behind]; step?.kind === 'fixed'; step = steps[++behind]) size += sizeOf(step.field);
      const last = steps[behind];
      const prefix = last === undefined ? 0 : prefixSize(last);
      const path = pathOf(steps[first] as Step);
      this.#source.line(`if (e - p < ${size + prefix}) throw tooShort(${quoted(path)});`);
      let offset = 0;
      for (const step of steps.slice(first, behind)) {
        if (step.kind !== 'fixed') continue;
        this.#fixed(step.field, step.target, offset);
        offset += sizeOf(step.field);
      }
      if (last === undefined) this.#source.line(`p += ${offset};`);
      else if (last.kind === 'tags') this.#tags(last.struct, last.targets, offset);
      else if (last.kind === 'variable') this.#variable(last.field, last.target, offset);
      first = behind + 1;
    }
  }

  #fixed(field: FieldPlan, target: string, offset: number): void {
    this.#source.line(`const ${target} = ${fixedExpression(field, offset)};`);
    this.#checkFixed(field, target);
  }

  #checkFixed(field: FieldPlan, target: string): void {
    if (field.primitive !== 'int64') return;
    const limit = Number.MAX_SAFE_INTEGER;
    this.#source.line(`if (${target} > ${limit} || ${target} < -${limit}) throw unsafeInteger(${quoted(field.path)});`);
  }

  #variable(field: FieldPlan, target: string, offset: number): void {
    if (field.array) this.#array(field, target, offset);
    else if (field.primitive === null) this.#nullableStruct(field, target, offset);
    else this.#bytes(field, target, offset);
  }

  /** Emits the reading of a length, where -1 is null, into a new variable. */
  #length(field: FieldPlan, offset: number): string {
    const source = this.#source;
    const length = source.name('n');
    if (field.flexible) {
      source.line(`let ${length} = b[${at(offset)}] - 1;`);
      source.line(`p += ${offset + 1};`);
      source.block(`if (${length} > 126)`, () => {
        source.line(`${length} = readVarint(b, p - 1, e, c) - 1;`);
        source.line('p = c.position;');
      });
    } else {
      const size = field.primitive === 'string' && !field.array ? 2 : 4;
      source.line(`const ${length} = ${size === 2 ? int16(offset) : int32(offset)};`);
      source.line(`p += ${offset + size};`);
    }
    return length;
  }

  #bytes(field: FieldPlan, target: string, offset: number): void {
    const source = this.#source;
    const path = quoted(field.path);
    const length = this.#length(field, offset);
    const read = () => {
      if (field.primitive === 'string' && field.flexible) {
        source.line(`if (${length} > ${MAX_STRING_BYTES}) throw stringTooLong(${path}, ${length});`);
      }
      source.line(`if (${length} > e - p) throw lengthTooLarge(${path}, ${length});`);
      const value = field.primitive === 'string' ? `readText(b, p, ${length})` : `b.subarray(p, p + ${length})`;
      source.line(`${target} = ${value};`);
      source.line(`p += ${length};`);
    };
    this.#orNull(field, target, `${length} >= 0`, read);
  }

  #array(field: FieldPlan, target: string, offset: number): void {
    const source = this.#source;
    const length = this.#length(field, offset);
    const read = () => {
      const least = field.minElementSize === 1 ? length : `${length} * ${field.minElementSize}`;
      source.line(`if (${least} > e - p) throw lengthTooLarge(${quoted(field.path)}, ${length});`);
      source.line(`${target} = new Array(${length} < ${PREALLOCATED} ? ${length} : ${PREALLOCATED});`);
      this.#elements(field, target, length);
    };
    this.#orNull(field, target, `${length} >= 0`, read);
  }

  #elements(field: FieldPlan, target: string, length: string): void {
    const source = this.#source;
    const index = source.name('i');
    source.block(`for (let ${index} = 0; ${index} < ${length}; ${index}++)`, () => {
      if (field.primitive === null) {
        const value = this.#struct(field.struct as StructPlan);
        source.line(`${target}[${index}] = ${value};`);
        return;
      }
      const element = source.name('v');
      const plain: FieldPlan = { ...field, array: false, nullable: false };
      if (isFixed(plain)) {
        // The array's own check has seen to the bytes of all its elements.
        this.#fixed(plain, element, 0);
        source.line(`p += ${sizeOf(plain)};`);
      } else {
        this.#steps([{ kind: 'variable', field: plain, target: element }]);
      }
      source.line(`${target}[${index}] = ${element};`);
    });
  }

  #nullableStruct(field: FieldPlan, target: string, offset: number): void {
    const source = this.#source;
    const marker = source.name('n');
    source.line(`const ${marker} = b[${at(offset)}] < 128;`);
    source.line(`p += ${offset + 1};`);
    this.#orNull(field, target, marker, () => {
      const value = this.#struct(field.struct as StructPlan);
      source.line(`${target} = ${value};`);
    });
  }

  #orNull(field: FieldPlan, target: string, condition: string, read: () => void): void {
    const source = this.#source;
    source.line(`let ${target} = null;`);
    if (field.nullable) {
      source.block(`if (${condition})`, read);
    } else {
      source.line(`if (!(${condition})) throw invalidNull(${quoted(field.path)});`);
      source.block('', read);
    }
  }

  #tags(plan: StructPlan, targets: ReadonlyMap<FieldPlan, string>, offset: number): void {
    const source = this.#source;
    const count = source.name('n');
    for (const [field, target] of targets) {
      source.line(field === UNKNOWN ? `let ${target};` : `let ${target} = ${absentExpression(field)};`);
    }
    source.line(`let ${count} = b[${at(offset)}];`);
    source.line(`p += ${offset + 1};`);
    source.block(`if (${count} !== 0)`, () => {
      source.block(`if (${count} > 127)`, () => {
        source.line(`${count} = readVarint(b, p - 1, e, c);`);
        source.line('p = c.position;');
      });
      if (targets.size === 0) {
        source.line('c.position = p;');
        source.line(`skipTags(b, ${count}, e, c);`);
        source.line('p = c.position;');
      } else {
        source.block(`for (; ${count} > 0; ${count}--)`, () => this.#tag(plan, targets));
      }
    });
  }

  #tag(plan: StructPlan, targets: ReadonlyMap<FieldPlan, string>): void {
    const source = this.#source;
    const tag = source.name('t');
    source.line(`const ${tag} = readVarint(b, p, e, c);`);
    source.block(`switch (${tag})`, () => {
      for (const field of plan.tagged) {
        source.block(`case ${field.tag}:`, () => {
          this.#taggedField(field, targets.get(field) as string);
          source.line('break;');
        });
      }
      const unknown = targets.get(UNKNOWN);
      const read = `readUnknownTagContent(${tag}, b, e, c)`;
      source.line(`default: ${unknown === undefined ? read : `(${unknown} ??= []).push(${read})`};`);
      source.line('p = c.position;');
    });
  }

  #taggedField(field: FieldPlan, target: string): void {
    const source = this.#source;
    const path = quoted(field.path);
    const size = source.name('n');
    const outerEnd = source.name('e');
    source.line(`const ${size} = readVarint(b, c.position, e, c);`);
    source.line('p = c.position;');
    source.line(`if (${size} > e - p) throw lengthTooLarge(${path}, ${size});`);
    source.line(`const ${outerEnd} = e;`);
    source.line(`e = p + ${size};`);
    const value = this.#taggedValue(field);
    source.line(`if (p !== e) throw tagSizeMismatch(${path});`);
    source.line(`e = ${outerEnd};`);
    source.line(`${target} = ${value};`);
  }

  #taggedValue(field: FieldPlan): string {
    if (isInline(field)) {
      const value = this.#source.name('v');
      const literal = this.#struct(field.struct as StructPlan);
      this.#source.line(`const ${value} = ${literal};`);
      return value;
    }
    const value = this.#source.name('v');
    this.#steps([{ kind: isFixed(field) ? 'fixed' : 'variable', field, target: value }]);
    return value;
  }
}

/** Stands for the unknown tags of a struct among its targets. */
const UNKNOWN = { name: 'unknownTags' } as FieldPlan;

function isFixed(field: FieldPlan): boolean {
  return !field.array && field.primitive !== null && FIXED_SIZE[field.primitive] > 0;
}

/** A struct that cannot be null is read as a part of the one that holds it. */
function isInline(field: FieldPlan): boolean {
  return !field.array && field.primitive === null && !field.nullable;
}

function sizeOf(field: FieldPlan): number {
  return field.primitive === null ? 0 : FIXED_SIZE[field.primitive];
}

function prefixSize(step: Step): number {
  if (step.kind !== 'variable' || step.field.flexible) return 1;
  if (step.field.array) return 4;
  if (step.field.primitive === null) return 1;
  return step.field.primitive === 'string' ? 2 : 4;
}

function pathOf(step: Step): string {
  return step.kind === 'tags' ? step.struct.path : step.field.path;
}

function int16(offset: number): string {
  return `((b[${at(offset)}] << 24 >> 16) | b[${at(offset + 1)}])`;
}

function int32(offset: number): string {
  const [first, second, third, fourth] = [0, 1, 2, 3].map((i) => `b[${at(offset + i)}]`);
  return `((${first} << 24) | (${second} << 16) | (${third} << 8) | ${fourth})`;
}

function fixedExpression(field: FieldPlan, offset: number): string {
  switch (field.primitive) {
    case 'bool':
      return `b[${at(offset)}] !== 0`;
    case 'int8':
      return `b[${at(offset)}] << 24 >> 24`;
    case 'int16':
      return int16(offset);
    case 'uint16':
      return `(b[${at(offset)}] << 8) | b[${at(offset + 1)}]`;
    case 'int32':
      return int32(offset);
    case 'uint32':
      return `${int32(offset)} >>> 0`;
    case 'int64':
      return `${int32(offset)} * 4294967296 + (${int32(offset + 4)} >>> 0)`;
    case 'bigint64':
      return `b.readBigInt64BE(${at(offset)})`;
    case 'float64':
      return `b.readDoubleBE(${at(offset)})`;
    default:
      return `uuidFromBytes(b, ${at(offset)})`;
  }
}

/** Source text of an absent field's value. */
export function absentExpression(field: FieldPlan): string {
  const value = field.absentValue;
  if (value === STRUCT_DEFAULT) {
    const members = (field.struct as StructPlan).fields.map((inner) => `${inner.name}: ${absentExpression(inner)}`);
    return `{ ${members.join(', ')} }`;
  }
  if (Array.isArray(value)) return '[]';
  if (value instanceof Uint8Array) return 'emptyBuffer';
  return typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
}
