export default function TicketPage(_: Record<string,string>) { return null }
