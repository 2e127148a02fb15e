import type {
  EvmTransaction as EvmTransactionMessage,
  SignTransactionRequest,
  SignTransactionResponse,
} from '@ramet/proto-gen/keys.v1';
import type { Payload, Signed } from './domain/scheme.js';
import type { EvmFee, EvmTransaction } from './domain/schemes/evm-transaction.js';

/** What a message asks to be signed, or undefined if it has none. */
export function payloadOf(message: SignTransactionRequest['payload']): Payload | undefined {
  switch (message?.$case) {
    case 'raw':
      return { kind: 'raw', bytes: message.value };
    case 'prehashed':
      return { kind: 'prehashed', digest: message.value };
    case 'venue':
      return { kind: 'venue', request: message.value };
    case 'evmTransaction':
      return transactionOf(message.value);
    case 'evmMessage':
      return { kind: 'evm_message', message: message.value };
    case 'evmTypedData':
      return { kind: 'evm_typed_data', json: message.value };
    case 'solanaMessage':
      return { kind: 'solana_message', message: message.value };
    case undefined:
      return undefined;
  }
}

function transactionOf(message: EvmTransactionMessage): Payload | undefined {
  const fee = feeOf(message.fee);
  const transaction: EvmTransaction | undefined = fee && { ...message, fee };
  return transaction && { kind: 'evm_transaction', transaction };
}

function feeOf(message: EvmTransactionMessage['fee']): EvmFee | undefined {
  switch (message?.$case) {
    case 'gasPrice':
      return { kind: 'gas_price', gasPrice: message.value };
    case 'dynamicFee':
      return { kind: 'dynamic', ...message.value };
    case undefined:
      return undefined;
  }
}

/** What was signed on the wire. */
export function toSignedMessage(
  { signature, venue, evmTransaction }: Signed,
  acceptTime: Date,
): SignTransactionResponse {
  return { signature, venue, evmTransaction, acceptTime };
}
