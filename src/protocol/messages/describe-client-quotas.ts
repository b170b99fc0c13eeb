/** DescribeClientQuotas (API key 48). */
import { array, bool, type Decoded, float64, int8, int16, int32, message, string, struct } from '../schema.ts';

export const describeClientQuotasRequest = message(
  {
    name: 'DescribeClientQuotasRequest',
    kind: 'request',
    apiKey: 48,
    versions: '0-1',
    flexible: '1+',
    listeners: ['broker'],
  },
  {
    components: array(
      struct('ComponentData', {
        entityType: string('0+'),
        matchType: int8('0+'),
        match: string('0+', { nullable: '0+' }),
      }),
      '0+',
    ),
    strict: bool('0+'),
  },
);
export type DescribeClientQuotasRequest = Decoded<typeof describeClientQuotasRequest>;

export const describeClientQuotasResponse = message(
  { name: 'DescribeClientQuotasResponse', kind: 'response', apiKey: 48, versions: '0-1', flexible: '1+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    entries: array(
      struct('EntryData', {
        entity: array(
          struct('EntityData', {
            entityType: string('0+'),
            entityName: string('0+', { nullable: '0+' }),
          }),
          '0+',
        ),
        values: array(
          struct('ValueData', {
            key: string('0+'),
            value: float64('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
      { nullable: '0+' },
    ),
  },
);
export type DescribeClientQuotasResponse = Decoded<typeof describeClientQuotasResponse>;
