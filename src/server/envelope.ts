/** A client's request on its way from a broker to the active controller, and the answer on its way back (KIP-590). */
import { addressBytes } from '../base/ip-address.ts';
import type { Principal, RequestContext } from '../network/handler.ts';
import { encodeMessage } from '../protocol/codec.ts';
import { ErrorCode, errorName } from '../protocol/error-codes.ts';
import { decodeResponseFrame } from '../protocol/frames.ts';
import { KafkaError } from '../protocol/kafka-error.ts';
import type { EnvelopeRequest, envelopeResponse } from '../protocol/messages/envelope.ts';
import { defaultPrincipalData } from '../protocol/messages/principal.ts';
import type { Decoded, Message } from '../protocol/schema.ts';

export const ENVELOPE_VERSION = 0;

export function sealEnvelope(context: RequestContext): EnvelopeRequest {
  return {
    requestData: context.frame,
    requestPrincipal: principalBytes(context.principal),
    clientHostAddress: Buffer.from(addressBytes(context.clientAddress)),
  };
}

/**
 * The controller's answer to the client. An error of the envelope itself is between the nodes (the broker may not
 * forward, or its principal cannot be read): a client could do nothing with it.
 */
export function openEnvelope<Res extends Message>(
  envelope: Decoded<typeof envelopeResponse>,
  response: Res,
  apiVersion: number,
): Decoded<Res> {
  const { errorCode, responseData } = envelope;
  if (errorCode !== ErrorCode.NONE || responseData === null) {
    const why = `the controller refused the forwarded request: ${errorName(errorCode)}`;
    throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, why);
  }
  return decodeResponseFrame(response, apiVersion, responseData).body as Decoded<Res>;
}

/** The principal as Kafka's brokers serialise it: the version, then the message. */
function principalBytes(principal: Principal): Buffer {
  const version = Buffer.alloc(2);
  const body = encodeMessage(defaultPrincipalData, 0, { ...principal, tokenAuthenticated: false });
  return Buffer.concat([version, body]);
}
