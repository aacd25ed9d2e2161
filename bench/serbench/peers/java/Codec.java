package serbench;

/** What a format does: octets and the library's own objects, and these and trees. */
interface Codec {
    /** Octets as the library's users have them, with nothing after the end. */
    Object decode(byte[] data) throws Exception;

    byte[] encode(Object value) throws Exception;

    /** What the library sees. */
    default Object tree(Object value) throws Exception {
        throw new UnsupportedOperationException("timed only");
    }

    /** The library's object for a tree. */
    default Object value(Object tree) throws Exception {
        throw new UnsupportedOperationException("objects come of octets only");
    }
}
