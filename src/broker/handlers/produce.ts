/**
 * Produce. Each partition's batch is checked, stamped in place and written before the next; nothing is copied. The
 * request is answered once every partition's records are written (acks=1) or committed (acks=-1). A failed acks=0
 * request closes the connection: that is the only way such a client can learn of it.
 */

import {
  type ApiRow,
  apiRow,
  CLOSE_CONNECTION,
  type HandlerResult,
  NO_RESPONSE,
  type RequestContext,
} from '../../network/handler.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import { type ProduceRequest, produceRequest, produceResponse } from '../../protocol/messages/produce.ts';
import type { Encodable } from '../../protocol/schema.ts';
import { type AppendOutcome, appendBatch } from '../append-batch.ts';
import { isInternalTopic } from '../cluster-nodes.ts';
import { CurrentLeaders, namesLeader } from '../current-leaders.ts';
import type { BrokerServices } from '../services.ts';

/** What coordinators keep is written by them alone: of clients only by tools under Kafka's own name for those. */
const ADMIN_CLIENT_ID = '__admin_client';

type Response = Encodable<typeof produceResponse>;
type PartitionAnswer = Response['responses'][number]['partitionResponses'][number];
type MutableAnswer = { -readonly [K in keyof PartitionAnswer]: PartitionAnswer[K] };

/** The first version that names the new leader with its address (KIP-951). */
const LEADERS_SINCE = 10;

/** Records that are written but not committed yet, or with acks=1 not flushed although the topic asks for it. */
interface Pending {
  readonly answer: MutableAnswer;
  /** Calls `settle` with a wire error code when the wait is over. Returns what gives it up. */
  readonly wait: (settle: (errorCode: number) => void) => () => void;
}

export function produceRow(services: BrokerServices): ApiRow {
  return apiRow({
    apiKey: 0,
    name: 'Produce',
    request: produceRequest,
    response: produceResponse,
    minVersion: 0,
    maxVersion: 13,
    ordering: 'pipelined',
    handle: (request, context) => handleProduce(services, request, context),
    errorResponse: (request, code, message) =>
      request.acks === 0 ? CLOSE_CONNECTION : refuseAll(request, code, message),
  });
}

function handleProduce(
  services: BrokerServices,
  request: ProduceRequest,
  context: RequestContext,
): HandlerResult<Response> | Promise<HandlerResult<Response>> {
  const { acks } = request;
  if (acks < -1 || acks > 1) return refuseAll(request, ErrorCode.INVALID_REQUIRED_ACKS, null);
  if (request.transactionalId !== null) {
    return refuseAll(request, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'transactions are not supported yet');
  }
  const pending: Pending[] = [];
  const mayWriteInternal = context.clientId === ADMIN_CLIENT_ID;
  let failed = false;
  const responses = request.topicData.map((topic) => {
    const name = topicName(services, topic, context.apiVersion);
    const partitionResponses = topic.partitionData.map((data) => {
      const answer = appendPartition(
        services,
        { name, index: data.index, records: data.records, acks, allowZstd: context.apiVersion >= 7, mayWriteInternal },
        pending,
      );
      if (answer.errorCode !== ErrorCode.NONE) failed = true;
      return answer;
    });
    return { name: topic.name, topicId: topic.topicId, partitionResponses };
  });
  if (acks === 0) return failed ? CLOSE_CONNECTION : NO_RESPONSE;
  const response: Response = { responses, throttleTimeMs: 0 };
  if (pending.length === 0) return failed ? withLeaders(services, response, context) : response;
  return awaitCommits(services, pending, request.timeoutMs).then(() => withLeaders(services, response, context));
}

/** Whoever came to the wrong broker is told the right one. Answers by id are matched by what the request was read as. */
function withLeaders(services: BrokerServices, response: Response, context: RequestContext): Response {
  if (context.apiVersion < LEADERS_SINCE) return response;
  let leaders: CurrentLeaders | null = null;
  for (const topic of response.responses) {
    for (const answer of topic.partitionResponses as MutableAnswer[]) {
      if (!namesLeader(answer.errorCode)) continue;
      const name = topicName(services, topic, context.apiVersion);
      if (name === null) continue;
      leaders ??= new CurrentLeaders(services, context.listenerName);
      answer.currentLeader = leaders.of(name, answer.index);
    }
  }
  return leaders === null ? response : { ...response, nodeEndpoints: leaders.nodeEndpoints };
}

/** The topic's name; null when a request by id (v13+) names an unknown id. */
function topicName(
  services: BrokerServices,
  topic: { readonly name?: string; readonly topicId?: string },
  version: number,
): string | null {
  if (version < 13) return topic.name ?? null;
  return services.image().topics.byId(topic.topicId ?? '')?.name ?? null;
}

interface PartitionAppend {
  readonly name: string | null;
  readonly index: number;
  readonly records: Buffer | null;
  readonly acks: number;
  readonly allowZstd: boolean;
  readonly mayWriteInternal: boolean;
}

function appendPartition(services: BrokerServices, append: PartitionAppend, pending: Pending[]): MutableAnswer {
  const { name, index, acks, allowZstd } = append;
  if (name === null) return refusal(index, ErrorCode.UNKNOWN_TOPIC_ID, null);
  const partition = services.replicas.get(name, index);
  if (!partition) return refusal(index, services.absentPartitionError(name, index), null);
  if (isInternalTopic(name) && !append.mayWriteInternal) {
    return refusal(index, ErrorCode.INVALID_TOPIC_EXCEPTION, `Cannot append to internal topic ${name}`);
  }
  let outcome: AppendOutcome;
  try {
    outcome = appendBatch(partition, append.records, {
      allReplicas: acks === -1,
      nowMs: services.runtime.clock.nowMs(),
      allowZstd,
    });
  } catch (error) {
    if (error instanceof KafkaError) return refusal(index, error.code, error.message);
    services.logger.error(`Error processing append operation on partition ${name}-${index}`, error);
    return refusal(index, ErrorCode.UNKNOWN_SERVER_ERROR, null);
  }
  if (outcome.errorCode !== ErrorCode.NONE) {
    return { ...refusal(index, outcome.errorCode, outcome.message), recordErrors: outcome.recordErrors };
  }
  const answer = {
    index,
    errorCode: ErrorCode.NONE,
    baseOffset: outcome.baseOffset,
    logAppendTimeMs: outcome.logAppendTimeMs,
    logStartOffset: partition.log.logStartOffset,
  };
  const { lastOffset, durable } = outcome;
  if (acks === -1 && !partition.isCommitted(lastOffset)) {
    pending.push({ answer, wait: (settle) => partition.onCommitted(lastOffset, settle) });
  } else if (acks === 1 && durable !== null) {
    pending.push({ answer, wait: (settle) => whenDurable(durable, settle) });
  }
  return answer;
}

function whenDurable(durable: Promise<void>, settle: (errorCode: number) => void): () => void {
  let isGivenUp = false;
  const end = (code: number) => () => {
    if (!isGivenUp) settle(code);
  };
  durable.then(end(ErrorCode.NONE), end(ErrorCode.KAFKA_STORAGE_ERROR));
  return () => {
    isGivenUp = true;
  };
}

/** Resolves when all are committed, refused, or the request's own timeout is over; marks what was not committed. */
function awaitCommits(services: BrokerServices, pending: readonly Pending[], timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const open = new Set(pending);
    const cancels: (() => void)[] = [];
    const timer = services.runtime.timers.after(timeoutMs, () => {
      for (const cancel of cancels) cancel();
      for (const { answer } of open) Object.assign(answer, refusal(answer.index, ErrorCode.REQUEST_TIMED_OUT, null));
      resolve();
    });
    for (const entry of pending) {
      const cancel = entry.wait((code) => {
        if (code !== ErrorCode.NONE) Object.assign(entry.answer, refusal(entry.answer.index, code, null));
        open.delete(entry);
        if (open.size > 0) return;
        timer.cancel();
        resolve();
      });
      cancels.push(cancel);
    }
  });
}

function refusal(index: number, errorCode: number, message: string | null): MutableAnswer {
  return {
    index,
    errorCode,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    errorMessage: message,
  };
}

function refuseAll(request: ProduceRequest, code: number, message: string | null): HandlerResult<Response> {
  if (request.acks === 0) return CLOSE_CONNECTION;
  const responses = request.topicData.map((topic) => ({
    name: topic.name,
    topicId: topic.topicId,
    partitionResponses: topic.partitionData.map((data) => refusal(data.index, code, message)),
  }));
  return { responses, throttleTimeMs: 0 };
}
