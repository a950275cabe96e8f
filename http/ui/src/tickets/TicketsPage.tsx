export default function TicketsPage(_: Record<string,string>) { return null }
