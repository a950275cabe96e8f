// The sentences of payments, in both languages. They come with the step, not with the first page.

import { useLanguage, type Language } from '../i18n/language'

const pt = {
  title: 'Pagamento',
  amount: 'A pagar',
  means: 'Como você quer pagar',
  trial: 'Pagamento de teste: nada é cobrado. Escolha o resultado.',
  outcomes: {
    'test-paid': 'Pago na hora',
    'test-refused': 'Recusado',
    'test-delayed': 'Pago depois de alguns segundos',
    'test-twice': 'Pago, com aviso repetido',
  } as Record<string, string>,
  code: 'Código de pagamento',
  codeHint: 'O código que o serviço de pagamento da companhia deu a você. Nunca o número do cartão.',
  faults: {
    missing: 'Escolha ou informe como pagar.',
    form: 'O código não tem espaços nem acentos, e tem no máximo 128 caracteres.',
    card: 'Isto parece o número de um cartão. Não o escreva aqui: informe o código do serviço de pagamento.',
  },
  pay: 'Pagar',
  paying: 'Pagando…',
  payAgain: 'Pagar de novo',
  optional: 'Você pode pagar agora ou confirmar sem pagar.',
  payHint: 'Primeiro o pagamento, depois a confirmação. Se a viagem não sair, o valor volta inteiro.',
  pending: 'Pagamento em análise',
  pendingHint: 'O serviço de pagamento ainda não respondeu. Você não precisa fazer nada: esta página avisa.',
  pendingBar: 'Aguardando o pagamento…',
  quiet: 'Está demorando mais que o normal. Você pode perguntar de novo quando quiser.',
  ask: 'Perguntar de novo',
  refused: 'Pagamento recusado',
  refusedHint: (left: number) =>
    left === 1
      ? 'Nada foi cobrado. Você ainda pode tentar mais uma vez.'
      : `Nada foi cobrado. Você ainda pode tentar mais ${left} vezes.`,
  lastRefused: (n: number) =>
    `Os ${n} pagamentos desta reserva foram recusados e nada foi cobrado. Libere os assentos e reserve de novo para tentar outra vez.`,
  paid: 'Pago',
  paidHint: 'O pagamento foi aceito. Falta confirmar a viagem.',
  unsure: 'Não sabemos se o pagamento chegou. Tente de novo: nada é cobrado duas vezes.',
  impossible:
    'Esta viagem tem preços em mais de uma moeda e não pode ser paga de uma vez. Reserve os trechos em separado.',
  elsewhere: (company: string) =>
    `Esta reserva foi feita na página de ${company}. Só lá ela pode ser paga e confirmada.`,
  back: 'Devolução do pagamento',
  allBack: (amount: string) => `${amount} já voltaram para você, pelo mesmo meio em que foram pagos.`,
  onTheWay: (amount: string) => `${amount} voltam para você pelo mesmo meio em que foram pagos.`,
  partBack: (done: string, owed: string) => `Já voltaram ${done} de ${owed}. O resto está a caminho.`,
  overPaid: 'Os assentos foram liberados. Sua escolha continua guardada.',
  overPending: 'O pagamento ainda estava em análise. Se for aceito, o valor volta inteiro para você.',
  kept: 'Nenhum trecho foi vendido, e o que você pagou volta inteiro. O resto da sua escolha continua guardado.',
  releaseHint: 'Outras pessoas poderão comprá-los. O que você pagou volta inteiro para você.',
}

export type PayWords = typeof pt

const en: PayWords = {
  title: 'Payment',
  amount: 'To pay',
  means: 'How would you like to pay?',
  trial: 'Test payment: nothing is charged. Choose the outcome.',
  outcomes: {
    'test-paid': 'Paid at once',
    'test-refused': 'Declined',
    'test-delayed': 'Paid after a few seconds',
    'test-twice': 'Paid, with the notice sent twice',
  },
  code: 'Payment code',
  codeHint: 'The code that the airline’s payment service gave you. Never a card number.',
  faults: {
    missing: 'Choose or enter how to pay.',
    form: 'The code has no spaces or accents, and 128 characters at most.',
    card: 'This looks like a card number. Do not enter it here: enter the code from the payment service.',
  },
  pay: 'Pay',
  paying: 'Paying…',
  payAgain: 'Pay again',
  optional: 'You can pay now, or confirm without paying.',
  payHint: 'Pay first, then confirm. If the trip falls through, you get all of it back.',
  pending: 'Payment pending',
  pendingHint: 'The payment service has not answered yet. There is nothing for you to do: this page will tell you.',
  pendingBar: 'Waiting for the payment…',
  quiet: 'This is taking longer than usual. You can ask again whenever you like.',
  ask: 'Ask again',
  refused: 'Payment declined',
  refusedHint: (left) =>
    left === 1 ? 'Nothing was charged. You can try once more.' : `Nothing was charged. You can try ${left} more times.`,
  lastRefused: (n) =>
    `All ${n} payments for this reservation were declined, and nothing was charged. Release the seats and reserve again to have another try.`,
  paid: 'Paid',
  paidHint: 'The payment was accepted. Now confirm the trip.',
  unsure: 'We do not know whether the payment went through. Try again: nothing is charged twice.',
  impossible:
    'This trip is priced in more than one currency and cannot be paid for at once. Reserve the legs separately.',
  elsewhere: (company) =>
    `This reservation was made on ${company}’s page. It can only be paid for and confirmed there.`,
  back: 'Refund of the payment',
  allBack: (amount) => `${amount} has been returned to you, the way you paid.`,
  onTheWay: (amount) => `${amount} is on its way back to you, the way you paid.`,
  partBack: (done, owed) => `${done} of ${owed} has been returned. The rest is on its way.`,
  overPaid: 'The seats were released. Your choice is kept.',
  overPending: 'The payment was still pending. If it goes through, you get all of it back.',
  kept: 'No leg was sold, and you get back all that you paid. The rest of your choice is kept.',
  releaseHint: 'Others will be able to buy them. You get back all that you paid.',
}

const WORDS: Record<Language, PayWords> = { 'pt-BR': pt, en }

export const usePayWords = (): PayWords => WORDS[useLanguage()]
