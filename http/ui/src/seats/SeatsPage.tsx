export default function SeatsPage(_: Record<string,string>) { return null }
