use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

fn greeting() -> &'static str {
    "hello\n"
}

fn main() -> std::io::Result<()> {
    for stream in TcpListener::bind("0.0.0.0:7878")?.incoming() {
        let mut stream = stream?;
        for line in BufReader::new(&stream).lines() {
            if line?.is_empty() {
                break;
            }
        }
        let body = greeting();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", body.len(), body)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_greets() {
        assert_eq!(super::greeting(), "hello\n");
    }
}
