import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ApiKey, firstFlexibleVersion } from '../../src/protocol/api-keys.ts';
import { APIS } from '../../src/protocol/apis.ts';
import { planMessage, type StructPlan } from '../../src/protocol/compiler/plan.ts';
import { ERROR_ROWS } from '../../src/protocol/error-codes.ts';
import { EMPTY_BYTES, type Field, type Message, parseVersions, STRUCT_DEFAULT } from '../../src/protocol/schema.ts';
import { FACTS, type FieldFact, type MessageFact, versionsOf } from './facts.ts';
import { SCHEMAS, schemaOf } from './schemas.ts';

const PRIMITIVES = new Set(
  'bool int8 int16 uint16 int32 uint32 int64 bigint64 float64 string bytes records uuid'.split(' '),
);

/** What a schema and a fact have in common, in one form. */
function describeFact(fact: FieldFact): unknown {
  return {
    name: fact.name,
    type: fact.type,
    array: fact.array,
    versions: fact.versions,
    nullable: fact.nullable,
    tagged: fact.tagged,
    tag: fact.tag,
    flexible: fact.flexible,
    ignorable: fact.ignorable,
    mapKey: fact.mapKey,
    entityType: fact.entityType,
    declaredDefault: fact.hasDefault ? fact.absent : 'none declared',
    fields: fact.fields?.map(describeFact) ?? null,
  };
}

function describeSchema(name: string, { spec }: Field, fact: FieldFact | undefined): unknown {
  const struct = typeof spec.type === 'string' ? null : spec.type;
  return {
    name,
    type: typeof spec.type === 'string' ? spec.type : spec.type.name,
    array: spec.array,
    versions: spec.versions,
    nullable: spec.nullable,
    tagged: spec.tagged,
    tag: spec.tag,
    flexible: spec.flexible,
    ignorable: spec.ignorable,
    mapKey: spec.mapKey,
    entityType: spec.entityType,
    declaredDefault: describeDefault(name, { spec }, fact),
    fields:
      struct === null
        ? null
        : Object.entries(struct.fields).map(([inner, field]) =>
            describeSchema(
              inner,
              field,
              fact?.fields?.find((candidate) => candidate.name === inner),
            ),
          ),
  };
}

/** A schema may declare the zero of its type as the default where Kafka does so silently; nothing else. */
function describeDefault(name: string, { spec }: Field, fact: FieldFact | undefined): unknown {
  if (!spec.hasDefault) return 'none declared';
  const value =
    spec.default === STRUCT_DEFAULT ? undefined : spec.default === EMPTY_BYTES ? Buffer.alloc(0) : spec.default;
  if (fact?.hasDefault) return value;
  expect({ name, value }).toEqual({ name, value: fact?.absent });
  return 'none declared';
}

describe('the schemas and the recorded facts', () => {
  it('are of the same messages', () => {
    expect(SCHEMAS.map((schema) => schema.name).sort()).toEqual(FACTS.map((fact) => fact.name).sort());
  });

  it.each(FACTS.map((fact) => [fact.name, fact] as const))('%s', (_name, fact: MessageFact) => {
    const schema: Message = schemaOf(fact.name);
    expect({
      kind: schema.kind,
      apiKey: schema.apiKey,
      versions: schema.validVersions,
      flexible: schema.flexible,
      listeners: schema.listeners,
    }).toEqual({
      kind: fact.kind,
      apiKey: fact.apiKey,
      versions: parseVersions(fact.validVersions),
      flexible: fact.flexible,
      listeners: fact.listeners,
    });
    const own = Object.entries(schema.fields).map(([name, field]) =>
      describeSchema(
        name,
        field,
        fact.fields.find((candidate) => candidate.name === name),
      ),
    );
    expect(own).toStrictEqual(fact.fields.map(describeFact));
  });

  it('use primitives that the codec knows', () => {
    const check = (field: FieldFact): void => {
      if (field.fields === null) expect(PRIMITIVES).toContain(field.type);
      else field.fields.forEach(check);
    };
    for (const fact of FACTS) fact.fields.forEach(check);
  });
});

describe('the tables beside the schemas', () => {
  it('list every API once, under its own key and name', () => {
    const requests = FACTS.filter((fact) => fact.kind === 'request');
    expect(APIS.map((api) => [api.key, `${api.name}Request`, `${api.name}Response`])).toEqual(
      APIS.map((api) => [api.request.apiKey, api.request.name, api.response.name]),
    );
    expect(APIS.map((api) => api.key).sort((a, b) => a - b)).toEqual(
      requests.map((fact) => fact.apiKey).sort((a, b) => a - b),
    );
    expect(Object.fromEntries(APIS.map((api) => [api.name, api.key]))).toEqual(ApiKey);
  });

  it('know the first flexible version of every API', () => {
    for (const api of APIS) {
      const first = parseVersions(api.request.flexible)?.min ?? Number.POSITIVE_INFINITY;
      expect([api.name, firstFlexibleVersion(api.key)]).toEqual([api.name, first]);
      expect(api.response.flexible).toBe(api.request.flexible);
    }
    for (const key of [-1, 4, 5, 6, 7, 93, 32767]) expect(firstFlexibleVersion(key)).toBeUndefined();
  });

  it('hold the error codes as recorded', () => {
    const facts = JSON.parse(readFileSync(new URL('../fixtures/protocol/error-codes.json', import.meta.url), 'utf8'));
    expect(ERROR_ROWS).toEqual(facts);
  });
});

describe('what the codec relies on', () => {
  const plans = FACTS.flatMap((fact) =>
    versionsOf(fact).map((version) => [fact.name, version, planMessage(schemaOf(fact.name), version)] as const),
  );

  function everyStruct(plan: StructPlan, visit: (plan: StructPlan, inTag: boolean) => void, inTag = false): void {
    visit(plan, inTag);
    for (const field of plan.fields) {
      if (field.struct !== null && field.mode !== 'absent')
        everyStruct(field.struct, visit, inTag || field.mode === 'tagged');
    }
  }

  it('elements of arrays take at least one byte, so that counts are bounded by the bytes left', () => {
    for (const [name, version, plan] of plans) {
      everyStruct(plan, (struct) => {
        for (const field of struct.fields) {
          if (field.array && field.mode !== 'absent') {
            expect([name, version, field.path, field.minElementSize > 0]).toEqual([name, version, field.path, true]);
          }
        }
      });
    }
  });

  it('tagged fields hold no records', () => {
    for (const [, , plan] of plans) {
      everyStruct(plan, (struct, inTag) => {
        for (const field of struct.fields) {
          if (field.primitive === 'records')
            expect([field.path, inTag || field.mode === 'tagged']).toEqual([field.path, false]);
        }
      });
    }
  });

  it('no default is an array with elements', () => {
    for (const [, , plan] of plans) {
      everyStruct(plan, (struct) => {
        for (const field of struct.fields) {
          if (Array.isArray(field.absentValue)) expect(field.absentValue).toEqual([]);
        }
      });
    }
  });

  it('no struct has a field named as the kept unknown tags are', () => {
    for (const [, , plan] of plans) {
      everyStruct(plan, (struct) => {
        expect(struct.fields.map((field) => field.name)).not.toContain('unknownTags');
      });
    }
  });
});
